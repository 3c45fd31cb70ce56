using System.CommandLine;

namespace Countersign.Server.Cli.Action;

/// <summary><c>countersign action approve|deny ID</c>.</summary>
internal static class VoteCommand
{
    public static Command CreateApprove() => Create(
        "approve", "Approve an action. Without --digest the present revision is shown and approved.");

    public static Command CreateDeny() => Create("deny", "Deny an action; this is final.");

    private static Command Create(string decision, string description)
    {
        var id = ActionArgument.Create();
        var comment = new Option<string?>("--comment") { Description = "Why; the agent is told." };
        var digest = new Option<string?>("--digest")
        {
            Description = "The digest you were shown; the vote is refused when the action has changed since.",
        };
        var command = new Command(decision, description) { id, comment, digest, ApiConnection.Url, Output.Json };
        command.Runs(async (parsed, cancellationToken) =>
        {
            using var api = ApiConnection.Open(parsed);
            var path = $"/v1/actions/{ActionArgument.Read(parsed, id)}";
            var shown = parsed.GetValue(digest) ?? await ShowAsync(api, path, cancellationToken);
            var action = await api.PostAsync(
                path + "/votes",
                new { decision, digest = shown, comment = parsed.GetValue(comment) },
                cancellationToken);
            Output.Write(parsed, action, data => $"Recorded. {ActionText.Line(data)}");
            return ExitCode.Succeeded;
        });
        return command;
    }

    /// <summary>Whoever votes without naming a digest sees what the vote is about, on the side of messages.</summary>
    private static async Task<string> ShowAsync(ApiConnection api, string path, CancellationToken cancellationToken)
    {
        var action = await api.GetAsync(path, cancellationToken);
        await Terminal.TellAsync(ActionText.Page(action));
        return action.GetProperty("digest").GetString()!;
    }
}
