using System.Text.Json.Nodes;
using Countersign.EndToEnd.Clients;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>
/// What every public MCP client has to get from the gate with its default settings. Each client's class runs beside the
/// others, because one test of each waits until the client's patience is nearly over.
/// </summary>
public abstract class McpClientSuite(SharedBench shared) : IClassFixture<SharedBench>
{
    private protected Bench Bench { get; } = shared.Bench;

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Token { get; } = ProductFolder.TokenOf("DEPLOY_BOT");

    [Fact]
    public async Task It_sees_the_tools_of_the_upstream_and_those_of_the_gateway()
    {
        await using var client = await ConnectAsync();

        var tools = await client.ListAsync(Cancel);

        Assert.Equal(
            Bench.Upstream.Tools.Keys
                .Concat(["approval_wait", "approval_status", "would_this_need_approval"])
                .Order(StringComparer.Ordinal),
            tools.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_allowed_call_returns_what_the_upstream_said()
    {
        await using var client = await ConnectAsync();

        var answer = await client.CallAsync("read_report", Named("allowed"), Cancel);

        Assert.Equal(new ToolAnswer(IsError: false, "ran read_report", Status: null), answer);
        Assert.Single(CallsNamed("allowed"));
    }

    [Fact]
    public async Task A_refused_call_says_why_and_is_never_sent()
    {
        await using var client = await ConnectAsync();

        var answer = await client.CallAsync("drop_table", Named("refused"), Cancel);

        Assert.True(answer.IsError);
        Assert.Contains("nothing was executed", answer.Text, StringComparison.Ordinal);
        Assert.Contains("Tables are dropped by people, never by agents.", answer.Text, StringComparison.Ordinal);
        Assert.Empty(CallsNamed("refused"));
    }

    [Fact]
    public async Task A_held_call_returns_its_result_as_soon_as_it_is_approved()
    {
        await using var client = await ConnectAsync();

        var calling = client.CallAsync("restart_service", Named("held"), Cancel);
        var held = await Bench.Alice.FindAsync("pending", Cancel);
        Assert.Empty(CallsNamed("held"));
        await Bench.Alice.VoteAsync(held.GetProperty("id").GetString()!, "approve", Cancel);
        var answer = await calling;

        Assert.Equal(new ToolAnswer(IsError: false, "ran restart_service", Status: null), answer);
        Assert.Single(CallsNamed("held"));
    }

    [Fact]
    public async Task A_denied_call_carries_what_the_reviewer_said()
    {
        await using var client = await ConnectAsync();

        var calling = client.CallAsync("restart_service", Named("denied"), Cancel);
        var held = await Bench.Alice.FindAsync("pending", Cancel);
        await Bench.Alice.VoteAsync(held.GetProperty("id").GetString()!, "deny", Cancel);
        var answer = await calling;

        Assert.True(answer.IsError);
        Assert.Contains("Denied by alice: deny by a test", answer.Text, StringComparison.Ordinal);
        Assert.Contains("A restart interrupts customers.", answer.Text, StringComparison.Ordinal);
        Assert.Empty(CallsNamed("denied"));
    }

    [Fact]
    public virtual async Task A_call_held_beyond_the_clients_patience_still_gets_its_result_exactly_once()
    {
        await using var client = await ConnectAsync();

        var pending = await client.CallAsync("restart_service", Named("long"), Cancel);
        Assert.Equal("pending_approval", pending.Status);
        Assert.False(pending.IsError);
        Assert.Contains("Nothing has been executed", pending.Text, StringComparison.Ordinal);
        Assert.Empty(CallsNamed("long"));

        var held = await Bench.Alice.FindAsync("pending", Cancel);
        Assert.Contains(held.GetProperty("id").GetString()!, pending.Text, StringComparison.Ordinal);
        await Bench.Alice.VoteAsync(held.GetProperty("id").GetString()!, "approve", Cancel);
        var answer = await client.CallAsync("restart_service", Named("long"), Cancel);

        Assert.Equal(new ToolAnswer(IsError: false, "ran restart_service", Status: null), answer);
        Assert.Single(CallsNamed("long"));
    }

    [Fact]
    public async Task The_upstream_gets_canonical_arguments_and_the_gateways_own_credential()
    {
        await using var client = await ConnectAsync();
        var arguments = JsonNode.Parse("""{ "z": [2, 1.50, 1e2], "ä": "é", "name": "canonical" }""")!.AsObject();

        await client.CallAsync("read_report", arguments, Cancel);

        var call = Assert.Single(CallsNamed("canonical"));
        Assert.Equal("""{"name":"canonical","z":[2,1.5,100],"ä":"é"}""", call.Arguments);
        Assert.Equal(ProductFolder.TokenOf("OPS"), call.Headers["Authorization"]);
        Assert.DoesNotContain(call.Headers, header => header.Value.Contains(Token, StringComparison.Ordinal));
    }

    private protected abstract Task<IToolClient> ConnectAsync(
        Uri endpoint, string token, CancellationToken cancellationToken);

    private protected Task<IToolClient> ConnectAsync() => ConnectAsync(Bench.Product.Mcp("ops"), Token, Cancel);

    private protected static JsonObject Named(string name) => new() { ["name"] = name };

    private protected List<ReceivedCall> CallsNamed(string name)
    {
        var member = $"\"name\":\"{name}\"";
        return [.. Bench.Upstream.Calls.Where(call => call.Arguments.Contains(member, StringComparison.Ordinal))];
    }
}
