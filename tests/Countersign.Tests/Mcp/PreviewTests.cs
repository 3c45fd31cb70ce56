using System.Text.Json.Nodes;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Mcp;
using Countersign.Tests.Policies;

namespace Countersign.Tests.Mcp;

/// <summary>What a target says that a call would do, before anybody decides about it.</summary>
public sealed class PreviewTests : IAsyncLifetime
{
    private const string Counted =
        """
        {"content":[],"structuredContent":
         {"summary":"12 customers","rows":12,"exact":true,"cascades":[{"relation":"orders","rows":40}],
          "locks":["customers"],"effects":["a file is written"],"reversible":false,"bytes":9000,"vendor":{"x":1}}}
        """;

    private FakeServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.AddRange(
            new[] { "read", "write", "drop", "count" }.Select(name => FakeServer.Tool(name)));
        Answer(Counted);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Reviewers_see_what_the_named_tool_says_about_the_same_arguments()
    {
        await using var host = await StartAsync();
        using var client = await RawClient.OpenAsync(host);
        var calling = client.CallAsync("write", """{"b":1.50,"a":"\u00e9"}""");

        var held = await host.UntilAsync(ActionState.Pending);
        var preview = Card.Of(held).Preview!;
        var asked = Assert.Single(_server.Calls);
        await host.DecideAsync(Decision.Approve);
        await calling;

        Assert.Contains(
            """params":{"name":"count","arguments":{"a":"é","b":1.5}}""", asked.Body, StringComparison.Ordinal);
        Assert.Equal(("12 customers", 12, true), (preview.Summary, preview.Rows, preview.Exact));
        Assert.Equal([new Cascade("orders", 40)], preview.Cascades!.Value);
        Assert.Equal(["customers"], preview.Locks);
        Assert.Equal(["a file is written"], preview.Effects);
        Assert.Equal((false, 9000, null), (preview.Reversible, preview.Bytes, preview.Error));
        Assert.Equal(["count", "write"], ToolsCalled());
    }

    [Theory]
    [InlineData(99, ActionState.Succeeded)]
    [InlineData(100, ActionState.Refused)]
    public async Task A_rule_decides_by_what_was_counted(int rows, ActionState state)
    {
        Answer($$"""{"content":[{"type":"text","text":"{\"rows\":{{rows}},\"exact\":true}"}]}""");
        await using var host = await StartAsync("allow: mcp.tool == \"write\" && preview.rows < 100");
        using var client = await RawClient.OpenAsync(host);

        await client.CallAsync("write");

        var record = await host.UntilAsync(state);
        Assert.Equal(rows, record.Preview!.Rows);
        Assert.Equal(state == ActionState.Succeeded ? ["count", "write"] : ["count"], ToolsCalled());
    }

    [Fact]
    public async Task Nothing_is_asked_about_a_call_that_is_allowed_or_refused_without_it()
    {
        await using var host = await StartAsync(
            "deny: mcp.tool == \"drop\"",
            "allow: mcp.tool == \"read\"",
            "require: mcp.tool == \"drop\" && preview.rows > 1");
        using var client = await RawClient.OpenAsync(host);

        await client.CallAsync("read");
        var refused = await client.CallAsync("drop");

        Assert.StartsWith("REFUSED", RawClient.TextOf(refused), StringComparison.Ordinal);
        Assert.Equal(["read"], ToolsCalled());
    }

    [Fact]
    public async Task A_tool_without_a_preview_is_held_without_one()
    {
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);
        var calling = client.CallAsync("write");

        var held = await host.DecideAsync(Decision.Deny);
        await calling;

        Assert.Null(held.Preview);
        Assert.Empty(_server.Calls);
    }

    [Theory]
    [InlineData("""{"content":[],"isError":true}""", "reported an error")]
    [InlineData("""{"content":[]}""", "neither structuredContent nor one text")]
    [InlineData("""{"content":[{"type":"text","text":"12"}]}""", "no JSON object")]
    [InlineData("""{"content":[{"type":"text","text":"12 rows"}]}""", "no JSON object")]
    [InlineData("""{"structuredContent":{"count":12}}""", "none of the members")]
    [InlineData("""{"structuredContent":{"rows":"12"}}""", "'rows'")]
    [InlineData("""{"structuredContent":{"rows":-1}}""", "'rows'")]
    [InlineData("""{"structuredContent":{"rows":1.5}}""", "'rows'")]
    [InlineData("""{"structuredContent":{"rows":12345678901234567890}}""", "'rows'")]
    [InlineData("""{"structuredContent":{"rows":1,"rows":2}}""", "no JSON object")]
    [InlineData("""{"structuredContent":{"rows":1,"exact":"yes"}}""", "'exact'")]
    [InlineData("""{"structuredContent":{"rows":1,"cascades":[{"relation":"a"}]}}""", "'cascades'")]
    [InlineData("""{"structuredContent":{"rows":1,"locks":[1]}}""", "'locks'")]
    [InlineData("""{"structuredContent":{"rows":1,"error":"the replica is down"}}""", "the replica is down")]
    [InlineData("""{"structuredContent":{"rows":1},"resultType":"input_required"}""", "'input_required'")]
    public async Task What_is_not_said_properly_is_not_known_and_rules_are_strict(string answer, string why)
    {
        Answer(answer);
        var held = await HeldAsync("allow: preview.rows < 100");

        Assert.Contains(why, held.Preview!.Error, StringComparison.Ordinal);
        Assert.Equal((null, null), (held.Preview.Rows, held.Preview.Cascades));
    }

    [Theory]
    [InlineData(2_000, 256, true)]
    [InlineData(2_001, 256, false)]
    [InlineData(2_000, 257, false)]
    public async Task A_preview_that_nobody_could_read_is_none(int characters, int locks, bool isTaken)
    {
        Answer(new JsonObject
        {
            ["structuredContent"] = new JsonObject
            {
                ["summary"] = new string('x', characters),
                ["locks"] = new JsonArray([.. Enumerable.Range(0, locks).Select(i => (JsonNode)$"t{i}")]),
            },
        }.ToJsonString());

        var held = await HeldAsync("allow: preview.rows < 100");

        Assert.Equal(isTaken, held.Preview!.Error is null);
    }

    [Fact]
    public async Task A_preview_larger_than_any_result_may_be_is_not_read()
    {
        Answer($$"""{"structuredContent":{"rows":1,"vendor":"{{new string('x', 5000)}}"} } """);

        var held = await HeldAsync(options => options with { MaxResult = 4000 }, limits: null);

        Assert.Contains("'count' gave no answer", held.Preview!.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_late_preview_is_given_up_and_the_call_goes_on_without_it()
    {
        _server.TakeCall = (context, _) => Task.Delay(Timeout.Infinite, context.RequestAborted);

        var held = await HeldAsync(change: null, new McpLimits { Preview = TimeSpan.FromMilliseconds(50) });

        Assert.Equal("The preview tool 'count' did not answer within 0.05 s.", held.Preview!.Error);
    }

    [Fact]
    public async Task A_tool_that_the_server_does_not_have_previews_nothing()
    {
        _server.Tools.RemoveAll(tool => (string?)tool["name"] == "count");

        var held = await HeldAsync(change: null, limits: null);

        Assert.Contains("no tool 'count'", held.Preview!.Error, StringComparison.Ordinal);
        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task A_preview_tool_that_is_described_differently_is_not_called()
    {
        await using var host = await StartAsync();
        using var client = await RawClient.OpenAsync(host);
        await client.AskAsync("tools/list");
        _server.Tools.Single(tool => (string?)tool["name"] == "count")["description"] = "Deletes everything.";
        await client.AskAsync("tools/list");

        var calling = client.CallAsync("write");
        var held = await host.DecideAsync(Decision.Deny);
        await calling;

        Assert.Contains("definition-changed", held.Preview!.Error, StringComparison.Ordinal);
        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task A_server_that_forgot_the_session_is_asked_for_the_preview_once_more()
    {
        await using var host = await StartAsync();
        using var client = await RawClient.OpenAsync(host);
        await client.AskAsync("tools/list");
        _server.ForgetNext = 1;

        var calling = client.CallAsync("write");
        var held = await host.DecideAsync(Decision.Deny);
        await calling;

        Assert.Equal(12, held.Preview!.Rows);
    }

    [Fact]
    public async Task A_request_over_the_api_gets_the_same_preview_over_a_connection_of_its_own()
    {
        await using var host = await StartAsync();

        var admission = await host.Office.Gatekeeper.AdmitAsync(host.AskOverApi("write"), Cancel);

        Assert.Equal(12, Assert.IsType<Admission.Held>(admission).Record.Preview!.Rows);
        Assert.Equal(["count"], ToolsCalled());
        Assert.Contains(_server.Requests, request => request.Method == "DELETE");
    }

    [Fact]
    public async Task An_agent_has_no_more_previews_made_at_once_over_the_api_than_the_limit()
    {
        var release = new TaskCompletionSource();
        _server.TakeCall = async (context, message) =>
        {
            await release.Task;
            context.Response.ContentType = "application/json";
            await FakeServer.WriteAsync(
                context, $$"""{"jsonrpc":"2.0","id":{{message["id"]!.ToJsonString()}},"result":{{Counted}} }""");
        };
        await using var host = await StartAsync([], change: null, new McpLimits { PreviewsPerAgent = 1 });

        var first = host.Office.Gatekeeper.AdmitAsync(host.AskOverApi("write"), Cancel);
        await _server.UntilAsync(request => request.RpcMethod == "tools/call");
        var second = await host.Office.Gatekeeper.AdmitAsync(host.AskOverApi("write2"), Cancel);
        release.SetResult();

        Assert.Contains(
            "has 1 previews being made",
            Assert.IsType<Admission.Held>(second).Record.Preview!.Error,
            StringComparison.Ordinal);
        Assert.Equal(12, Assert.IsType<Admission.Held>(await first).Record.Preview!.Rows);
    }

    [Fact]
    public async Task A_dry_run_asks_the_target_nothing_and_says_that_a_preview_could_change_its_answer()
    {
        await using var host = await StartAsync("allow: mcp.tool == \"read\"", "allow: preview.rows < 100");
        using var client = await RawClient.OpenAsync(host);

        var open = await DryRunAsync(client, "write");
        var settled = await DryRunAsync(client, "drop");

        Assert.Equal("deny", (string?)open["structuredContent"]!["verdict"]!["outcome"]);
        Assert.True((bool)open["structuredContent"]!["lacks_preview"]!);
        Assert.Contains("previewed first", RawClient.TextOf(open), StringComparison.Ordinal);
        Assert.False((bool)settled["structuredContent"]!["lacks_preview"]!);
        Assert.Empty(_server.Calls);
    }

    private static async Task<JsonNode> DryRunAsync(RawClient client, string tool) =>
        await client.CallAsync("would_this_need_approval", $$"""{"tool":"{{tool}}","arguments":{} }""");

    private void Answer(string preview)
    {
        var otherwise = _server.Call;
        _server.Call = parameters =>
            (string?)parameters["name"] == "count" ? preview : otherwise(parameters);
    }

    private IEnumerable<string?> ToolsCalled() =>
        _server.Calls.Select(call => (string?)call.Json["params"]!["name"]);

    private static McpOptions WithPreviews(McpOptions options) => options with
    {
        Previews = options.Previews.Add("write", "count").Add("write2", "count").Add("read", "count"),
    };

    private Task<GateHost> StartAsync(params string[] rules) => StartAsync(rules, change: null, limits: null);

    private async Task<GateHost> StartAsync(
        string[] rules, Func<McpOptions, McpOptions>? change, McpLimits? limits)
    {
        var host = await GateHost.StartAsync(
            new McpUpstream.Http(_server.Address, Credential: null),
            options => WithPreviews(change?.Invoke(options) ?? options),
            limits: limits);
        host.Policy = rules.Length == 0 ? null : PolicyFixture.Loaded(PolicyFixture.Rules(rules));
        return host;
    }

    /// <summary>A call that a person has to look at, whatever its preview is.</summary>
    private async Task<ActionRecord> HeldAsync(Func<McpOptions, McpOptions>? change, McpLimits? limits)
    {
        await using var host = await StartAsync([], change, limits);
        return await HeldAsync(host);
    }

    /// <summary>The same under rules that read the preview.</summary>
    private async Task<ActionRecord> HeldAsync(params string[] rules)
    {
        await using var host = await StartAsync([.. rules, "require: preview.rows >= 100"]);
        return await HeldAsync(host);
    }

    private static async Task<ActionRecord> HeldAsync(GateHost host)
    {
        using var client = await RawClient.OpenAsync(host);
        var calling = client.CallAsync("write");
        var held = await host.DecideAsync(Decision.Deny);
        await calling;
        return held;
    }
}
