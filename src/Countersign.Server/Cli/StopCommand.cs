using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Countersign.Server.Cli;

/// <summary><c>countersign stop AGENT</c>.</summary>
internal static class StopCommand
{
    public static Command Create()
    {
        var agent = new Argument<string>("agent") { Description = "The agent's id." };
        var comment = new Option<string?>("--comment") { Description = "Why; the agent and its owner are told." };
        var command = new Command(
            "stop", "Stop an agent now: withdraw its reviews, revoke its grants, cut its sessions, refuse its calls.")
        {
            agent, comment, ApiConnection.Url, Output.Json,
        };
        command.Runs(async (parsed, cancellationToken) =>
        {
            using var api = ApiConnection.Open(parsed);
            var stop = await api.PostAsync(
                $"/v1/agents/{Uri.EscapeDataString(parsed.GetRequiredValue(agent))}/stop",
                new { comment = parsed.GetValue(comment) },
                cancellationToken);
            Output.Write(parsed, stop, TextOf);
            return ExitCode.Succeeded;
        });
        return command;
    }

    private static string TextOf(JsonElement stop)
    {
        var agent = stop.GetProperty("agent").GetString();
        var by = stop.GetProperty("by").GetString();
        var since = stop.GetProperty("since").GetDateTimeOffset()
            .ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        var first = stop.GetProperty("was_stopped").GetBoolean()
            ? $"{agent} was stopped already, by {by} at {since}."
            : $"{agent} is stopped: {Count(stop, "withdrawn")} reviews and grants withdrawn.";
        var running = stop.GetProperty("executing").GetInt32();
        var sent = running == 0
            ? ""
            : $"\n{running} of its actions are being executed: what was sent cannot be unsent; look at the target.";
        return $"{first}{sent}\nTo let it go on, two persons run: countersign agent resume {agent}";
    }

    private static string Count(JsonElement stop, string member) =>
        stop.GetProperty(member).GetInt32().ToString(CultureInfo.InvariantCulture);
}
