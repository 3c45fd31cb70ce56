using System.Text.Json.Nodes;

namespace Countersign.EndToEnd.Support.Conformance;

/// <summary>
/// The tools of the suite's task scenarios. The fixture knows no tasks: it answers when it is done, and whoever wants a
/// task of that has to make one.
/// </summary>
internal static class ConformanceTasks
{
    public static string[] Names { get; } =
        ["greet", "slow_compute", "failing_job", "protocol_error_job", "confirm_delete", "multi_input",
            "test_tool_with_task"];

    /// <summary>The result of one of them; <c>null</c> for other tools.</summary>
    public static async Task<JsonObject?> CallAsync(FixtureCall call)
    {
        switch (call.Name)
        {
            case "greet":
                return ConformanceTools.Text($"Hello, {call.Arguments["name"]}!");
            case "slow_compute":
                await Task.Delay(TimeSpan.FromSeconds((double?)call.Arguments["seconds"] ?? 0));
                return ConformanceTools.Text("Computed.");
            case "failing_job":
                return ConformanceTools.Failed("The job failed.");
            case "protocol_error_job":
                throw new FixtureError(-32603, "The job broke.");
            case "confirm_delete":
                return ConformanceRounds.Accepted(call, "confirm") is null
                    ? Ask("confirm")
                    : ConformanceTools.Text("Deleted.");
            case "multi_input":
                return new[] { "one", "two" }.Any(name => ConformanceRounds.Accepted(call, name) is null)
                    ? Ask("one", "two")
                    : ConformanceTools.Text("Both are there.");
            case "test_tool_with_task":
                return ConformanceRounds.Accepted(call, "user_name") is { } name
                    ? ConformanceTools.Text($"Hello, {name["name"]}!")
                    : Ask("user_name");
            default:
                return null;
        }
    }

    private static JsonObject Ask(params string[] names) => ConformanceRounds.Ask(
        [.. names.Select(name => (name, ConformanceRounds.Elicit($"Which {name}?", "name", "string")))]);
}
