using System.CommandLine;
using System.Text.Json;

namespace Countersign.Server.Cli.Action;

/// <summary><c>countersign action wait ID</c>: ends with the exit code of how the action ended.</summary>
internal static class WaitCommand
{
    /// <summary>How long one request to the server waits; the command asks again until its own time is over.</summary>
    private const int SecondsPerRequest = 50;

    public static Command Create()
    {
        var id = ActionArgument.Create();
        var seconds = new Option<int>("--seconds")
        {
            Description = "Give up after so long.",
            DefaultValueFactory = _ => 600,
        };
        var command = new Command("wait", "Wait until an action has ended; the exit code says how.")
        {
            id, seconds, ApiConnection.Url, Output.Json,
        };
        command.Runs(async (parsed, cancellationToken) =>
        {
            using var api = ApiConnection.Open(parsed);
            var path = $"/v1/actions/{ActionArgument.Read(parsed, id)}";
            var action = await UntilEndedAsync(api, path, parsed.GetValue(seconds), cancellationToken);
            Output.Write(parsed, action, ActionText.Page);
            return ExitCode.ForState(StateOf(action));
        });
        return command;
    }

    private static async Task<JsonElement> UntilEndedAsync(
        ApiConnection api, string path, int seconds, CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var left = seconds - (int)TimeProvider.System.GetElapsedTime(start).TotalSeconds;
            var wait = Math.Clamp(left, 0, SecondsPerRequest);
            var action = await api.GetAsync($"{path}?wait={wait}", cancellationToken);
            if (left <= 0 || StateOf(action) is not ("pending" or "executing" or "approved"))
            {
                return action;
            }
        }
    }

    private static string StateOf(JsonElement action) => action.GetProperty("state").GetString()!;
}
