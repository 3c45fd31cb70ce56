using System.Text;
using System.Text.Json.Nodes;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Mcp;

/// <summary>A reviewer changes a call while its agent waits.</summary>
public sealed class RevisionTests : IAsyncLifetime
{
    private FakeServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.Add(FakeServer.Tool("write"));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task The_upstream_server_gets_the_changed_arguments_and_the_agent_is_told_so()
    {
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);
        var calling = client.CallAsync("write", """{"a":1}""");
        await ReviseAsync(host, await host.UntilAsync(ActionState.Pending), """{"a":2}""", "Two is enough.");
        await host.DecideAsync(Decision.Approve);

        var result = await calling;

        Assert.Contains("""
            "arguments":{"a":2}
            """, Assert.Single(_server.Calls).Body, StringComparison.Ordinal);
        var content = result["content"]!.AsArray();
        var told = (string)content[0]!["text"]!;
        Assert.Contains("CHANGED BEFORE IT RAN", told, StringComparison.Ordinal);
        Assert.Contains("""{"a":1} ; what ran is {"a":2}""", told, StringComparison.Ordinal);
        Assert.Contains("bob: Two is enough.", told, StringComparison.Ordinal);
        Assert.Equal("ran write", (string)content[1]!["text"]!);
    }

    [Theory]
    [InlineData(false, "UNKNOWN OUTCOME")]
    [InlineData(true, "the tool is broken")]
    public async Task The_agent_is_told_of_the_change_when_the_changed_call_fails_too(bool isAnswered, string how)
    {
        _server.TakeCall = (context, call) =>
        {
            if (!isAnswered)
            {
                context.Abort();
                return Task.CompletedTask;
            }

            return FakeServer.WriteAsync(context, new JsonObject
            {
                ["jsonrpc"] = "2.0",
                ["id"] = call["id"]!.DeepClone(),
                ["error"] = new JsonObject { ["code"] = -32603, ["message"] = "the tool is broken" },
            }.ToJsonString());
        };
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);
        var calling = client.CallAsync("write", """{"a":1}""");
        await ReviseAsync(host, await host.UntilAsync(ActionState.Pending), """{"a":2}""", "Two is enough.");
        await host.DecideAsync(Decision.Approve);

        var told = RawClient.TextOf(await calling);

        Assert.Contains(how, told, StringComparison.Ordinal);
        Assert.Contains("""{"a":1} ; what was tried is {"a":2}""", told, StringComparison.Ordinal);
        Assert.EndsWith("Do not repeat what you asked for.", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_comes_again_gets_what_became_of_it_under_the_changed_arguments()
    {
        await using var host = await GateHost.StartAsync(_server);
        using var first = await RawClient.OpenAsync(host);
        using var leaving = new CancellationTokenSource();
        first.Leave = leaving.Token;
        var calling = first.CallAsync("write", """{"a":1}""");
        var held = await host.UntilAsync(ActionState.Pending);
        await ReviseAsync(host, held, """{"a":2}""", comment: null);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calling);
        await host.UntilQuietAsync();

        using var second = await RawClient.OpenAsync(host);
        var again = second.CallAsync("write", """{"a":1}""");
        await host.DecideAsync(Decision.Approve);

        Assert.Contains("CHANGED BEFORE IT RAN", RawClient.TextOf(await again), StringComparison.Ordinal);
        Assert.Single(_server.Calls);
    }

    [Fact]
    public async Task Arguments_that_the_tool_describes_otherwise_are_refused_with_place_and_reason()
    {
        _server.Tools[0]["inputSchema"] = JsonNode.Parse("""
            {"type":"object","properties":{"a":{"type":"integer","maximum":9}},"required":["a"],
             "additionalProperties":false}
            """);
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);
        var calling = client.CallAsync("write", """{"a":1}""");
        var held = await host.UntilAsync(ActionState.Pending);

        var unfit = Assert.IsType<RevisionAnswer.Unfit>(await TryReviseAsync(host, held, """{"a":"2","b":1}""", null));
        var missing = Assert.IsType<RevisionAnswer.Unfit>(await TryReviseAsync(host, held, "{}", comment: null));
        await ReviseAsync(host, held, """{"a":9}""", comment: null);
        await host.DecideAsync(Decision.Approve);
        await calling;

        Assert.Contains("'a' must be of type integer, and is string", unfit.Why, StringComparison.Ordinal);
        Assert.Contains("'b' is not known to the tool", unfit.Why, StringComparison.Ordinal);
        Assert.Contains("'a' is missing", missing.Why, StringComparison.Ordinal);
        Assert.Contains("\"a\":9", Assert.Single(_server.Calls).Body, StringComparison.Ordinal);
    }

    private static async Task ReviseAsync(GateHost host, ActionRecord held, string arguments, string? comment) =>
        Assert.IsType<RevisionAnswer.Recorded>(await TryReviseAsync(host, held, arguments, comment));

    private static Task<RevisionAnswer> TryReviseAsync(
        GateHost host, ActionRecord held, string arguments, string? comment)
    {
        Assert.True(CanonicalJson.TryCanonicalize(
            Encoding.UTF8.GetBytes(arguments), JsonLimits.Default, out var changed, out _));
        var asking = new Asking(
            held.Asker,
            new Target(GateHost.Ops, GateKind.Mcp, "production"),
            held.Via,
            CanonicalAction.Of(held.Action.Target, held.Action.Operation, changed))
        {
            Facts = held.Facts,
        };
        return host.Office.Revisions.ReviseAsync(
            held.Id,
            new Voter(new PersonId("bob"), Assurance.Session),
            new Revision(held.Action.Digest, asking, comment),
            TestContext.Current.CancellationToken);
    }
}
