namespace Countersign.Gates.Mcp.Upstream;

/// <summary>What goes along with a request, and only towards a server of 2026-07-28.</summary>
/// <param name="Headers">Those a tool asks for beside the usual ones.</param>
/// <param name="Capabilities">
/// What the client can do, when it is not there to say so; <c>null</c> when it is, or when there is none.
/// </param>
internal sealed record ModernExtras(
    IEnumerable<KeyValuePair<string, string>> Headers, ReadOnlyMemory<byte>? Capabilities)
{
    public static ModernExtras None { get; } = new([], Capabilities: null);
}
