using System.CommandLine;
using System.Text.Json;

namespace Countersign.Server.Cli.Action;

/// <summary><c>countersign action modify ID</c>.</summary>
internal static class ModifyCommand
{
    public static Command Create()
    {
        var id = ActionArgument.Create();
        var arguments = new Option<string>("--arguments")
        {
            Description = "A file with the arguments as they should be, whole, as JSON; - is standard input.",
            Required = true,
        };
        var comment = new Option<string?>("--comment") { Description = "Why; the agent is told." };
        var digest = new Option<string?>("--digest")
        {
            Description = "The digest you were shown; the change is refused when the action has changed since.",
        };
        var command = new Command(
            "modify", "Change the arguments of a pending action. Votes so far are void, and others have to approve it.")
        {
            id, arguments, comment, digest, ApiConnection.Url, Output.Json,
        };
        command.Runs(async (parsed, cancellationToken) =>
        {
            var changed = await ReadAsync(parsed.GetRequiredValue(arguments), cancellationToken);
            using var api = ApiConnection.Open(parsed);
            var path = $"/v1/actions/{ActionArgument.Read(parsed, id)}";
            var shown = parsed.GetValue(digest)
                ?? (await api.GetAsync(path, cancellationToken)).GetProperty("digest").GetString();
            var action = await api.PostAsync(
                path + "/revisions",
                new { digest = shown, arguments = changed, comment = parsed.GetValue(comment) },
                cancellationToken);
            Output.Write(parsed, action, data => $"Recorded. {ActionText.Line(data)}");
            return ExitCode.Succeeded;
        });
        return command;
    }

    private static async Task<JsonElement> ReadAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            var text = file == "-"
                ? await System.Console.In.ReadToEndAsync(cancellationToken)
                : await File.ReadAllTextAsync(file, cancellationToken);
            return JsonElement.Parse(text);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new CommandFailure(
                ExitCode.Usage, $"The arguments in '{file}' cannot be read: {unreadable.Message}");
        }
    }
}
