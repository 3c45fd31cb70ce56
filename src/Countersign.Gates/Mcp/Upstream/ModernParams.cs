using Countersign.Core.Tracing;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp.Upstream;

/// <summary>
/// Rewrites parameters where the two sides speak different revisions: what a request of 2026-07-28 says about its
/// client stays here, and towards a server of that revision the gateway speaks for itself.
/// </summary>
internal static class ModernParams
{
    /// <summary>The parameters for a server of 2026-07-28.</summary>
    /// <param name="parameters">Those of the request.</param>
    /// <param name="hello">Who asks.</param>
    /// <param name="related">The client's request it belongs to.</param>
    /// <param name="noted">What the client could do that asked for this and left.</param>
    /// <param name="trace">Where the trace of the request stands.</param>
    public static byte[] Compose(
        ReadOnlyMemory<byte>? parameters,
        Hello hello,
        Exchange? related,
        ReadOnlyMemory<byte>? noted,
        TraceContext? trace)
    {
        var members = Read(parameters);
        var meta = MetaOf(members, related)
            .With(ModernEra.VersionMeta, RawObject.Quote(ProtocolVersions.Modern))
            .With(ModernEra.ClientMeta, hello.ClientInfo)
            .With(ModernEra.CapabilitiesMeta, related?.Caller?.Capabilities ?? noted ?? "{}"u8.ToArray());
        if (related?.Caller?.LogLevel is { } level)
        {
            meta = meta.With(ModernEra.LogLevelMeta, level);
        }

        return members.With("_meta", McpSpans.With(meta, trace).ToBytes()).ToBytes();
    }

    /// <summary>The parameters of a modern client for a server with a handshake.</summary>
    public static byte[] Strip(ReadOnlyMemory<byte>? parameters, Exchange related)
    {
        var members = Read(parameters);
        var meta = MetaOf(members, related);
        return (meta.Members.Any() ? members.With("_meta", meta.ToBytes()) : members.Without("_meta")).ToBytes();
    }

    /// <summary>The headers that repeat the body.</summary>
    public static IEnumerable<KeyValuePair<string, string>> HeadersOf(string method, ReadOnlyMemory<byte> parameters)
    {
        yield return KeyValuePair.Create("Mcp-Method", method);
        if (ModernEra.NameMemberOf(method) is { } member && Read(parameters).FindText(member) is { } name)
        {
            yield return KeyValuePair.Create("Mcp-Name", ModernEra.Encode(name));
        }
    }

    /// <summary>What else the caller put there, and its progress token in the form the server may see.</summary>
    private static RawObject MetaOf(RawObject members, Exchange? related)
    {
        var meta = members.FindObject("_meta") ?? RawObject.Empty;
        var ours = meta.Members
            .Select(member => member.Key)
            .Where(name => name.StartsWith(ModernEra.MetaPrefix, StringComparison.Ordinal))
            .Append("progressToken");
        meta = meta.Without([.. ours]);
        return related?.UpstreamToken is { } token ? meta.With("progressToken", token.Bytes) : meta;
    }

    private static RawObject Read(ReadOnlyMemory<byte>? parameters) =>
        parameters is { } json && RawObject.TryRead(json, out var members) ? members : RawObject.Empty;
}
