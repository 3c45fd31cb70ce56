using System.Net;
using System.Text.Json.Nodes;
using Countersign.Server.Cli.Hook;

namespace Countersign.Tests.Cli.Hook;

/// <summary>The post hook, another process, tells the server what became of the call.</summary>
public sealed class HookOutcomeTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("claude-code", "PostToolUse", "{}", null)]
    [InlineData("claude-code", "PostToolUseFailure", """{"error":"Exit code 1"}""", "Exit code 1")]
    [InlineData("codex", "PostToolUse", """{"tool_response":"done"}""", null)]
    [InlineData("gemini", "AfterTool", """{"tool_response":{"llmContent":"x"}}""", null)]
    [InlineData("gemini", "AfterTool", """{"tool_response":{"error":{"message":"no such file"}}}""", "no such file")]
    [InlineData("cursor", "postToolUse", """{"tool_output":"x"}""", null)]
    [InlineData("cursor", "postToolUseFailure", """{"error_message":"boom"}""", "boom")]
    public async Task The_outcome_is_reported_once_for_the_action_of_this_call(
        string host, string name, string more, string? error)
    {
        using var bench = new HookBench();
        await bench.RunAsync(host, Told.By(host), Cancelled);
        var note = Assert.Single(bench.Notes);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(note));
        Assert.DoesNotContain("build.log", File.ReadAllText(note), StringComparison.Ordinal);

        var after = After(host, name, more);
        Assert.Equal(HookOutput.Silence, await bench.RunAsync(host, after, Cancelled));
        Assert.Equal(HookOutput.Silence, await bench.RunAsync(host, after, Cancelled));

        var (call, body) = bench.Server.Calls[^1];
        Assert.Equal($"POST /v1/actions/{PlayedPermits.Id}/outcome", call);
        Assert.Equal(3, bench.Server.Calls.Count);
        Assert.Equal(error is null ? "succeeded" : "failed", body!.Value.GetProperty("state").GetString());
        Assert.Equal(3, body.Value.GetProperty("claim").GetInt32());
        Assert.Equal(error, body.Value.TryGetProperty("error", out var said) ? said.GetString() : null);
        Assert.Empty(bench.Notes);
    }

    [Theory]
    [InlineData("success", "succeeded")]
    [InlineData("failure", "failed")]
    [InlineData("denied", "failed")]
    public async Task Copilot_says_the_kind_of_result(string type, string state)
    {
        using var bench = new HookBench();
        var before = HookBench.OptionsOf("copilot") with { EventName = "preToolUse" };
        await bench.RunAsync(before, Bytes(Told.Copilot), Cancelled);
        var told = JsonNode.Parse(Told.Copilot)!.AsObject();
        told["toolResult"] = new JsonObject { ["resultType"] = type, ["textResultForLlm"] = "x" };

        var answer = await bench.RunAsync(
            before with { EventName = "postToolUse" }, Bytes(told.ToJsonString()), Cancelled);

        Assert.Equal(HookOutput.Silence, answer);
        Assert.Equal(state, bench.Server.Calls[^1].Body!.Value.GetProperty("state").GetString());
    }

    [Fact]
    public async Task Without_ids_a_changed_call_is_found_by_the_input_that_ran()
    {
        using var bench = new HookBench
        {
            Server = new PlayedPermits { ChangedInput = new JsonObject { ["command"] = "rm -i build.log" } },
        };
        var before = JsonNode.Parse((await bench.RunAsync("gemini", Told.Gemini, Cancelled)).Output)!;
        var told = JsonNode.Parse(After("gemini", "AfterTool", "{}"))!.AsObject();
        told["tool_input"] = before["hookSpecificOutput"]!["tool_input"]!.DeepClone();

        await bench.RunAsync("gemini", told.ToJsonString(), Cancelled);

        Assert.EndsWith("/outcome", bench.Server.Calls[^1].Call, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_was_not_asked_for_is_not_reported()
    {
        using var bench = new HookBench();

        Assert.Equal(
            HookOutput.Silence,
            await bench.RunAsync("claude-code", After("claude-code", "PostToolUse", "{}"), Cancelled));
        Assert.Empty(bench.Server.Calls);
    }

    /// <summary>Nothing can be blocked any more, and what blocks would be told to the model.</summary>
    [Fact]
    public async Task A_report_that_fails_is_told_without_blocking_anything()
    {
        using var server = new PlayedPermits
        {
            Instead =
            {
                [$"POST /v1/actions/{PlayedPermits.Id}/outcome"] =
                    () => PlayedPermits.Problem(HttpStatusCode.Conflict, "It was reported before."),
            },
        };
        using var bench = new HookBench { Server = server };
        await bench.RunAsync("claude-code", Told.ClaudeCode, Cancelled);

        var answer = await bench.RunAsync("claude-code", After("claude-code", "PostToolUse", "{}"), Cancelled);

        Assert.Equal((1, ""), (answer.ExitCode, answer.Output));
        Assert.Contains("It was reported before.", answer.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("claude-code", """{"hook_event_name":"SessionStart","session_id":"s","cwd":"/src","source":"x"}""")]
    [InlineData("codex", """{"hook_event_name":"SessionStart","session_id":"s","cwd":"/src"}""")]
    [InlineData("gemini", """{"hook_event_name":"SessionStart","session_id":"s","cwd":"/src"}""")]
    [InlineData("cursor", """{"hook_event_name":"sessionStart","conversation_id":"s","workspace_roots":["/src"]}""")]
    [InlineData("copilot", """{"hook_event_name":"SessionStart","session_id":"s","cwd":"/src"}""")]
    public async Task A_session_that_begins_is_told_to_the_server_without_opening_anything(string host, string told)
    {
        using var server = new PlayedPermits
        {
            Instead = { ["POST /v1/actions?dry_run=1"] = () => PlayedPermits.Raw(HttpStatusCode.OK, "{}") },
        };
        using var bench = new HookBench { Server = server };

        Assert.Equal(HookOutput.Silence, await bench.RunAsync(host, told, Cancelled));
        var (call, body) = Assert.Single(server.Calls);
        Assert.Equal("POST /v1/actions?dry_run=1", call);
        Assert.Equal("s", body!.Value.GetProperty("session").GetString());
    }

    [Fact]
    public async Task A_session_whose_calls_will_all_be_blocked_says_so_at_once()
    {
        using var server = new PlayedPermits
        {
            Instead = { ["POST"] = () => PlayedPermits.Problem(HttpStatusCode.Unauthorized, "x") },
        };
        using var bench = new HookBench { Server = server };

        var answer = await bench.RunAsync(
            "claude-code", """{"hook_event_name":"SessionStart","session_id":"s","cwd":"/src"}""", Cancelled);

        Assert.Equal((1, ""), (answer.ExitCode, answer.Output));
        Assert.Contains("does not know the hook's token", answer.Errors, StringComparison.Ordinal);
    }

    private static MemoryStream Bytes(string text) => new(System.Text.Encoding.UTF8.GetBytes(text));

    private static string After(string host, string name, string more)
    {
        var told = JsonNode.Parse(Told.By(host))!.AsObject();
        told["hook_event_name"] = name;
        foreach (var (key, value) in JsonNode.Parse(more)!.AsObject())
        {
            told[key] = value?.DeepClone();
        }

        return told.ToJsonString();
    }
}
