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
