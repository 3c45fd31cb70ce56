using Countersign.Gates.Mcp.Upstream;

namespace Countersign.Gates.Mcp;

/// <summary>
/// How one client session, or the gateway itself, reaches a target's server: over a connection that is there or can be
/// opened, and with what was learnt about the tools over it.
/// </summary>
internal sealed record Route(
    McpOptions Options, ToolCatalog Tools, Func<CancellationToken, Task<UpstreamConnection>> ConnectAsync);
