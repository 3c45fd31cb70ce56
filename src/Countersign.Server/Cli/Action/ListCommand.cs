using System.CommandLine;
using System.Text.Json;

namespace Countersign.Server.Cli.Action;

/// <summary><c>countersign action list</c>.</summary>
internal static class ListCommand
{
    public static Command Create()
    {
        var state = new Option<string?>("--state") { Description = "Only actions in this state, like pending." };
        var target = new Option<string?>("--target") { Description = "Only actions on this target." };
        var agent = new Option<string?>("--agent") { Description = "Only actions of this agent." };
        var limit = new Option<int>("--limit") { Description = "At most so many.", DefaultValueFactory = _ => 50 };
        var command = new Command("list", "List actions, newest first.")
        {
            state, target, agent, limit, ApiConnection.Url, Output.Json,
        };
        command.Runs(async (parsed, cancellationToken) =>
        {
            using var api = ApiConnection.Open(parsed);
            var query = Query(
                ("state", parsed.GetValue(state)),
                ("target", parsed.GetValue(target)),
                ("agent", parsed.GetValue(agent)),
                ("limit", parsed.GetValue(limit).ToString()));
            var list = await api.GetAsync("/v1/actions?" + query, cancellationToken);
            Output.Write(parsed, list, ToText);
            return ExitCode.Succeeded;
        });
        return command;
    }

    private static string Query(params ReadOnlySpan<(string Name, string? Value)> parts)
    {
        var query = new List<string>();
        foreach (var (name, value) in parts)
        {
            if (value is not null)
            {
                query.Add($"{name}={Uri.EscapeDataString(value)}");
            }
        }

        return string.Join('&', query);
    }

    private static string ToText(JsonElement list)
    {
        var lines = list.GetProperty("items").EnumerateArray().Select(ActionText.Line).ToList();
        return lines.Count == 0 ? "No actions." : string.Join('\n', lines);
    }
}
