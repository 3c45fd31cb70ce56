using System.CommandLine;

namespace Countersign.Server.Cli.Action;

/// <summary><c>countersign action show ID</c>.</summary>
internal static class ShowCommand
{
    public static Command Create()
    {
        var id = ActionArgument.Create();
        var command = new Command("show", "Show one action: what exactly, who asked, which rule holds it, who voted.")
        {
            id, ApiConnection.Url, Output.Json,
        };
        command.Runs(async (parsed, cancellationToken) =>
        {
            using var api = ApiConnection.Open(parsed);
            var action = await api.GetAsync($"/v1/actions/{ActionArgument.Read(parsed, id)}", cancellationToken);
            Output.Write(parsed, action, ActionText.Page);
            return ExitCode.Succeeded;
        });
        return command;
    }
}
