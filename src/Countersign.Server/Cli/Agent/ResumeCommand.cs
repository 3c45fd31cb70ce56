using System.CommandLine;
using System.Text.Json;

namespace Countersign.Server.Cli.Agent;

/// <summary><c>countersign agent resume AGENT</c>.</summary>
internal static class ResumeCommand
{
    public static Command Create()
    {
        var agent = new Argument<string>("agent") { Description = "The agent's id." };
        var comment = new Option<string?>("--comment") { Description = "Why it may go on." };
        var command = new Command("resume", "Let a stopped agent go on; it takes two persons, each with this command.")
        {
            agent, comment, ApiConnection.Url, Output.Json,
        };
        command.Runs(async (parsed, cancellationToken) =>
        {
            using var api = ApiConnection.Open(parsed);
            var state = await api.PostAsync(
                $"/v1/agents/{Uri.EscapeDataString(parsed.GetRequiredValue(agent))}/resume",
                new { comment = parsed.GetValue(comment) },
                cancellationToken);
            Output.Write(parsed, state, TextOf);
            return IsActive(state) ? ExitCode.Succeeded : ExitCode.Pending;
        });
        return command;
    }

    private static bool IsActive(JsonElement state) => state.GetProperty("state").GetString() == "active";

    private static string TextOf(JsonElement state)
    {
        var agent = state.GetProperty("agent").GetString();
        if (IsActive(state))
        {
            return $"{agent} is not stopped; its calls are judged again.";
        }

        var resume = state.GetProperty("resume");
        return $"Recorded: {resume.GetProperty("have").GetInt32()} of {resume.GetProperty("need").GetInt32()} agreed " +
            $"({resume.GetProperty("action").GetString()}). {agent} stays stopped until another person agrees, with " +
            $"the same command or at {resume.GetProperty("url").GetString()} .";
    }
}
