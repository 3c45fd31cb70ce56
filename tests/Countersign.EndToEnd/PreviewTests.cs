using System.Text.Json.Nodes;
using Countersign.EndToEnd.Clients;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>
/// A policy that reads <c>preview.rows</c>, in front of a server that counts before it exports; over MCP and the API.
/// </summary>
public sealed class PreviewTests : IAsyncLifetime
{
    private const string Policy =
        """
        version: 1
        default: deny
        rules:
          - id: small-exports
            reason: A few customers may be exported.
            when: mcp.tool == "export_customers" && preview.rows < 100
            then: allow
          - id: large-exports
            reason: Many customers are exported with a second pair of eyes.
            when: mcp.tool == "export_customers" && preview.rows >= 100
            then:
              require:
                stages: [ { of: group:platform, need: 1, within: 30m } ]
                assurance: token
          - id: everybody
            reason: Nobody exports every customer.
            when: mcp.tool == "export_customers" && action.arguments.country == "all"
            then: deny

        """;

    private Bench _bench = null!;
    private string _counted = """{"rows":12,"exact":true}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _bench = await Bench.StartAsync(
            new ProductOptions { Policy = Policy, Ops = "preview: { export_customers: count_customers }" }, Cancel);
        _bench.Upstream.Tools["export_customers"] = "Exports.";
        _bench.Upstream.Tools["count_customers"] = "Counts.";
        _bench.Upstream.Reply = (call, _) => Task.FromResult<UpstreamReply>(
            call.Tool == "count_customers"
                ? new UpstreamReply.Structure(_counted)
                : new UpstreamReply.Text($"ran {call.Tool}"));
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task A_small_export_runs_at_once_after_it_was_counted()
    {
        await using var client = await ConnectAsync();

        var answer = await client.CallAsync("export_customers", new JsonObject { ["country"] = "de" }, Cancel);

        Assert.Equal("ran export_customers", answer.Text);
        Assert.Equal(["count_customers", "export_customers"], _bench.Upstream.Calls.Select(call => call.Tool));
        Assert.Single(_bench.Upstream.Calls.Select(call => call.Arguments).Distinct());
    }

    [Fact]
    public async Task A_large_export_waits_for_people_who_see_the_count()
    {
        _counted = """{"summary":"German customers","rows":25000,"exact":true,"reversible":false}""";
        var held = await _bench.Agent.AskAsync("ops", "export_customers", """{"country":"de"}""", Cancel);

        var preview = (await _bench.Alice.ShowAsync(held.Id!, Cancel)).Json.GetProperty("preview");
        await _bench.Alice.VoteAsync(held.Id!, "approve", Cancel);
        var ended = await _bench.Agent.WaitForEndAsync(held.Id!, Cancel);

        Assert.Equal(("pending", "succeeded"), (held.State, ended.State));
        Assert.Equal(25_000, preview.GetProperty("rows").GetInt64());
        Assert.Equal("German customers", preview.GetProperty("summary").GetString());
        Assert.Equal(0, preview.GetProperty("cascades").GetArrayLength());
        Assert.Equal(["count_customers", "export_customers"], _bench.Upstream.Calls.Select(call => call.Tool));
    }

    [Fact]
    public async Task What_could_not_be_counted_waits_for_people_who_see_that_it_was_not()
    {
        _counted = """{"rows":"twelve"}""";

        var held = await _bench.Agent.AskAsync("ops", "export_customers", """{"country":"de"}""", Cancel);

        Assert.Equal("pending", held.State);
        var preview = held.Json.GetProperty("preview");
        Assert.False(preview.TryGetProperty("rows", out _));
        Assert.Contains("'rows'", preview.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_refused_whatever_it_counts_is_never_counted()
    {
        var refused = await _bench.Agent.AskAsync("ops", "export_customers", """{"country":"all"}""", Cancel);
        var asked = await _bench.Agent.PostAsync(
            "v1/actions?dry_run=1", Api.AskBody("ops", "export_customers", """{"country":"de"}"""), Cancel);

        Assert.Equal("refused", refused.State);
        Assert.True(asked.Json.GetProperty("lacks_preview").GetBoolean());
        Assert.Empty(_bench.Upstream.Calls);
    }

    private async Task<IToolClient> ConnectAsync() => await DotNetClient.ConnectAsync(
        _bench.Product.Mcp("ops"), ProductFolder.TokenOf("DEPLOY_BOT"), Cancel);
}
