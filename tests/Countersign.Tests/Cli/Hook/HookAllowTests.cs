using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Server.Cli.Hook;

namespace Countersign.Tests.Cli.Hook;

/// <summary>A call runs only with a claimed permit, and each coding agent gets its own word for it.</summary>
public sealed class HookAllowTests
{
    private const string Approved = "act_00000000000000000000000001 approved by alice";

    private static readonly JsonNode s_other = JsonNode.Parse("""{"command":"rm -i build.log"}""")!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("claude-code",
        """
        {"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow",
         "permissionDecisionReason":"act_00000000000000000000000001 approved by alice"}}
        """)]
    [InlineData("codex", "")]
    [InlineData("gemini", """{"decision":"allow","reason":"act_00000000000000000000000001 approved by alice"}""")]
    [InlineData("cursor", """{"permission":"allow"}""")]
    [InlineData("copilot",
        """
        {"permissionDecision":"allow",
         "permissionDecisionReason":"act_00000000000000000000000001 approved by alice"}
        """)]
    public async Task What_people_approved_runs(string host, string output)
    {
        using var bench = new HookBench();

        AssertSays(output, await bench.RunAsync(host, Told.By(host), Cancelled));
        Assert.Equal(
            ["POST /v1/actions", $"POST /v1/actions/{PlayedPermits.Id}/claim"], bench.Server.Paths);
        Assert.Equal(
            bench.Server.Calls[1].Body!.Value.GetProperty("digest").GetString(),
            DigestOf(bench.Server.Calls[0].Body!.Value));
    }

    [Theory]
    [InlineData("claude-code", "")]
    [InlineData("codex", "")]
    [InlineData("gemini", "")]
    [InlineData("cursor", """{"permission":"allow"}""")]
    [InlineData("copilot", "")]
    public async Task What_the_policy_allows_is_left_to_the_agents_own_questions(string host, string output)
    {
        using var bench = new HookBench { Server = new PlayedPermits { WasHeld = false } };

        AssertSays(output, await bench.RunAsync(host, Told.By(host), Cancelled));
        Assert.EndsWith("/claim", bench.Server.Calls[^1].Call, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("claude-code",
        """
        {"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow","permissionDecisionReason":"*",
         "updatedInput":{"command":"rm -i build.log","description":"Remove the log"}}}
        """)]
    [InlineData("codex",
        """
        {"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow",
         "updatedInput":{"command":"rm -i build.log"}}}
        """)]
    [InlineData("gemini",
        """
        {"decision":"allow","reason":"*","hookSpecificOutput":{"hookEventName":"BeforeTool",
         "tool_input":{"command":"rm -i build.log","description":"Remove the log"}}}
        """)]
    [InlineData("cursor", """{"permission":"allow","updated_input":{"command":"rm -i build.log"}}""")]
    [InlineData("copilot",
        """
        {"permissionDecision":"allow","permissionDecisionReason":"*",
         "modifiedArgs":{"command":"rm -i build.log","description":"Remove the log"}}
        """)]
    public async Task Another_input_replaces_the_whole_of_the_asked_one(string host, string output)
    {
        using var bench = new HookBench { Server = new PlayedPermits { ChangedInput = s_other } };
        const string Reason = Approved + " with another input than was asked: alice says: go on";

        AssertSays(
            output.Replace("\"*\"", $"\"{Reason}\"", StringComparison.Ordinal),
            await bench.RunAsync(host, Told.By(host), Cancelled));
    }

    [Theory]
    [InlineData("""{"hook_event_name":"beforeShellExecution","command":"rm build.log","cwd":"/src","sandbox":false}""")]
    [InlineData("""
        {"hook_event_name":"beforeMCPExecution","tool_name":"rm","tool_input":"{\"path\":\"build.log\"}",
         "workspace_roots":["/src"],"command":"npx x"}
        """)]
    public async Task An_event_that_takes_no_other_input_blocks_and_says_what_was_approved(string told)
    {
        using var bench = new HookBench { Server = new PlayedPermits { ChangedInput = s_other } };

        var reason = HookBlockTests.AssertBlocks("cursor", await bench.RunAsync("cursor", told, Cancelled));

        Assert.Contains("rm -i build.log", reason, StringComparison.Ordinal);
        Assert.DoesNotContain(bench.Server.Paths, path => path.EndsWith("/claim", StringComparison.Ordinal));
    }

    /// <summary>Where the members that are left are written over the asked ones, the missing one would run.</summary>
    [Theory]
    [InlineData("""{"file_path":"a.txt"}""", false)]
    [InlineData("""{"file_path":"a.txt","content":""}""", true)]
    [InlineData("""{"file_path":"a.txt","content":"y","mode":"w"}""", true)]
    public async Task Gemini_runs_no_changed_input_that_lacks_what_was_asked(string changed, bool isRun)
    {
        const string Asked =
            """
            {"session_id":"s1","cwd":"/src","hook_event_name":"BeforeTool","tool_name":"write_file",
             "tool_input":{"file_path":"a.txt","content":"x"}}
            """;
        using var bench = new HookBench { Server = new PlayedPermits { ChangedInput = JsonNode.Parse(changed) } };

        var output = await bench.RunAsync("gemini", Asked, Cancelled);

        Assert.Equal(isRun, bench.Server.Paths.Any(path => path.EndsWith("/claim", StringComparison.Ordinal)));
        if (isRun)
        {
            Assert.True(JsonNode.DeepEquals(
                JsonNode.Parse(changed), JsonNode.Parse(output.Output)!["hookSpecificOutput"]!["tool_input"]));
        }
        else
        {
            Assert.Contains("a.txt", HookBlockTests.AssertBlocks("gemini", output), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("operation", "\"Write\"")]
    [InlineData("target", "\"ops\"")]
    [InlineData("digest", "\"sha256:0000000000000000000000000000000000000000000000000000000000000000\"")]
    [InlineData("arguments", """{"host":"claude-code","cwd":"/etc","input":{"command":"rm build.log"}}""")]
    [InlineData("arguments", """{"host":"codex","cwd":"/src","input":{"command":"rm build.log"}}""")]
    public async Task What_was_approved_for_something_else_does_not_run_this(string member, string value)
    {
        using var server = new PlayedPermits
        {
            ChangedInput = s_other,
            Spoil = action => action[member] = JsonNode.Parse(value),
        };
        using var bench = new HookBench { Server = server };

        HookBlockTests.AssertBlocks(
            "claude-code", await bench.RunAsync("claude-code", Told.ClaudeCode, Cancelled));
        Assert.Single(server.Calls);
    }

    [Fact]
    public async Task A_held_call_runs_as_soon_as_it_is_approved()
    {
        using var server = new PlayedPermits();
        server.States.Clear();
        Array.ForEach(["pending", "pending", "approved"], server.States.Enqueue);
        using var bench = new HookBench { Server = server };

        Assert.Equal(0, (await bench.RunAsync("claude-code", Told.ClaudeCode, Cancelled)).ExitCode);
        Assert.Equal(
            [
                "POST /v1/actions", $"GET /v1/actions/{PlayedPermits.Id}?wait=50",
                $"GET /v1/actions/{PlayedPermits.Id}?wait=50", $"POST /v1/actions/{PlayedPermits.Id}/claim",
            ],
            server.Paths);
    }

    [Theory]
    [InlineData("claude-code", "Bash", true)]
    [InlineData("codex", "Bash", false)]
    [InlineData("gemini", "run_shell_command", true)]
    [InlineData("cursor", "Shell", false)]
    [InlineData("copilot", "bash", true)]
    public async Task The_action_is_tool_input_and_directory_and_what_the_model_says_is_claimed(
        string host, string tool, bool isDescribed)
    {
        using var bench = new HookBench();

        await bench.RunAsync(host, Told.By(host), Cancelled);

        var expected = new JsonObject
        {
            ["target"] = "laptop",
            ["operation"] = tool,
            ["arguments"] = new JsonObject
            {
                ["host"] = host, ["cwd"] = "/src", ["input"] = new JsonObject { ["command"] = "rm build.log" },
            },
        };
        if (isDescribed)
        {
            expected["reason"] = "Remove the log";
        }

        expected["session"] = "s1";
        Assert.Equal(expected.ToJsonString(), bench.Server.Calls[0].Body!.Value.GetRawText());
    }

    [Theory]
    [InlineData("http://server.example:7070/mcp/ops", true)]
    [InlineData("http://SERVER.example:7070/mcp/ops", true)]
    [InlineData("http://server.example:7071/mcp/ops", false)]
    [InlineData("https://server.example:7070/mcp/ops", false)]
    [InlineData("http://server.example.evil:7070/mcp/ops", false)]
    [InlineData("http://server.example:7070@evil/mcp/ops", false)]
    [InlineData("http://x@server.example:7070/mcp/ops", false)]
    [InlineData("http://server.example:7070/other", false)]
    [InlineData("http://server.example:7070/mcp/../x", false)]
    public async Task Only_a_tool_at_the_gateways_own_address_is_not_asked_for_twice(string address, bool isSkipped)
    {
        using var bench = new HookBench();
        var told = JsonNode.Parse(Told.Cursor)!.AsObject();
        told["hook_event_name"] = "beforeMCPExecution";
        told["url"] = address;

        var answer = await bench.RunAsync("cursor", told.ToJsonString(), Cancelled);

        Assert.Equal(0, answer.ExitCode);
        Assert.Equal(isSkipped, bench.Server.Calls.Count == 0);
    }

    /// <summary>Its settings may hold a second address, which it prefers and does not tell.</summary>
    [Fact]
    public async Task Gemini_is_asked_for_whatever_address_it_tells()
    {
        using var bench = new HookBench();
        var told = JsonNode.Parse(Told.Gemini)!.AsObject();
        told["mcp_context"] = new JsonObject { ["server_name"] = "x", ["url"] = $"{HookBench.Url}/mcp/ops" };

        await bench.RunAsync("gemini", told.ToJsonString(), Cancelled);

        Assert.NotEmpty(bench.Server.Calls);
    }

    [Fact]
    public async Task Without_a_name_the_one_target_of_hooks_is_asked()
    {
        using var bench = new HookBench();
        var options = HookBench.OptionsOf("codex") with { Target = null };
        using var told = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(Told.Codex));

        Assert.Equal(HookOutput.Silence, await bench.RunAsync(options, told, Cancelled));
        Assert.Equal("GET /v1/targets", bench.Server.Calls[0].Call);
        Assert.Equal("laptop", bench.Server.Calls[1].Body!.Value.GetProperty("target").GetString());
    }

    private static string DigestOf(JsonElement asked)
    {
        Assert.True(CanonicalJson.TryCanonicalize(
            System.Text.Encoding.UTF8.GetBytes(asked.GetProperty("arguments").GetRawText()),
            JsonLimits.Default,
            out var arguments,
            out _));
        return CanonicalAction.Of(
            new TargetName("laptop"), asked.GetProperty("operation").GetString()!, arguments).Digest.Value;
    }

    private static void AssertSays(string output, HookOutput answer)
    {
        Assert.Equal((0, ""), (answer.ExitCode, answer.Errors));
        Assert.Equal(
            output.Length == 0 ? "" : JsonNode.Parse(output)!.ToJsonString(),
            answer.Output.Length == 0 ? "" : JsonNode.Parse(answer.Output)!.ToJsonString());
    }
}
