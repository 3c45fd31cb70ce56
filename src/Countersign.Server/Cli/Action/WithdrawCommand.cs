using System.CommandLine;

namespace Countersign.Server.Cli.Action;

/// <summary><c>countersign action withdraw ID</c>.</summary>
internal static class WithdrawCommand
{
    public static Command Create()
    {
        var id = ActionArgument.Create();
        var comment = new Option<string?>("--comment") { Description = "Why." };
        var command = new Command("withdraw", "Withdraw an action that is not wanted any more.")
        {
            id, comment, ApiConnection.Url, Output.Json,
        };
        command.Runs(async (parsed, cancellationToken) =>
        {
            using var api = ApiConnection.Open(parsed);
            var action = await api.PostAsync(
                $"/v1/actions/{ActionArgument.Read(parsed, id)}/withdraw",
                new { comment = parsed.GetValue(comment) },
                cancellationToken);
            Output.Write(parsed, action, data => $"Recorded. {ActionText.Line(data)}");
            return ExitCode.Succeeded;
        });
        return command;
    }
}
