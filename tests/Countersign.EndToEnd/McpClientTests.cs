using Countersign.EndToEnd.Clients;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>The client of the C# SDK.</summary>
public sealed class DotNetClientTests(SharedBench shared) : ModernClientSuite(shared)
{
    private protected override async Task<IToolClient> ConnectAsync(
        Uri endpoint, string token, CancellationToken cancellationToken) =>
        await DotNetClient.ConnectAsync(endpoint, token, cancellationToken);

    private protected override Task<string?> VersionAsync(IToolClient client, CancellationToken cancellationToken) =>
        Task.FromResult(((DotNetClient)client).Client.NegotiatedProtocolVersion);
}

/// <summary>The TypeScript SDK, version 1.</summary>
public sealed class TypeScriptV1ClientTests(SharedBench shared) : McpClientSuite(shared)
{
    private protected override Task<IToolClient> ConnectAsync(
        Uri endpoint, string token, CancellationToken cancellationToken) =>
        Task.FromResult<IToolClient>(NodeClient.Start("sdk-v1.mjs", endpoint, token));
}

/// <summary>The TypeScript client, version 2, which finds the stateless era of the protocol.</summary>
public sealed class TypeScriptV2ClientTests(SharedBench shared) : ModernClientSuite(shared)
{
    private protected override Task<IToolClient> ConnectAsync(
        Uri endpoint, string token, CancellationToken cancellationToken) =>
        Task.FromResult<IToolClient>(NodeClient.Start("sdk-v2.mjs", endpoint, token));

    private protected override Task<string?> VersionAsync(IToolClient client, CancellationToken cancellationToken) =>
        ((NodeClient)client).VersionAsync(cancellationToken);
}

/// <summary>The command line of MCP Inspector.</summary>
public sealed class InspectorTests(SharedBench shared) : McpClientSuite(shared)
{
    private protected override Task<IToolClient> ConnectAsync(
        Uri endpoint, string token, CancellationToken cancellationToken) =>
        Task.FromResult<IToolClient>(new Inspector(endpoint, token));
}

/// <summary>The same for 2026-07-28, where it takes a task for an answer and asks for it until it is over.</summary>
public sealed class InspectorTaskTests(SharedBench shared) : McpClientSuite(shared)
{
    /// <summary>Longer than it allows any request.</summary>
    private static readonly TimeSpan s_beyondOneRequest = TimeSpan.FromSeconds(65);

    [Fact]
    public override async Task A_call_held_beyond_the_clients_patience_still_gets_its_result_exactly_once()
    {
        await using var client = await ConnectAsync();

        var calling = client.CallAsync("restart_service", Named("task"), Cancel);
        var held = await Bench.Alice.FindAsync("pending", Cancel);
        await Task.Delay(s_beyondOneRequest, Cancel);
        Assert.False(calling.IsCompleted);
        Assert.Empty(CallsNamed("task"));
        await Bench.Alice.VoteAsync(held.GetProperty("id").GetString()!, "approve", Cancel);
        var answer = await calling;

        Assert.Equal(new ToolAnswer(IsError: false, "ran restart_service", Status: null), answer);
        Assert.Single(CallsNamed("task"));
    }

    private protected override Task<IToolClient> ConnectAsync(
        Uri endpoint, string token, CancellationToken cancellationToken) =>
        Task.FromResult<IToolClient>(new Inspector(endpoint, token, era: "modern"));
}
