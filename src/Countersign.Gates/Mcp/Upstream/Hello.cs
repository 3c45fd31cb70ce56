using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp.Upstream;

/// <summary>Who introduces itself to an upstream server: a client's own words, or the gateway's.</summary>
internal sealed record Hello(string Version, ReadOnlyMemory<byte> Capabilities, ReadOnlyMemory<byte> ClientInfo)
{
    /// <summary>The gateway as a client of its own, for actions that came in over the API.</summary>
    public static Hello Gateway { get; } = new(
        ProtocolVersions.Latest,
        "{}"u8.ToArray(),
        Rpc.Object(json =>
        {
            json.WriteString("name", "countersign");
            json.WriteString("version", typeof(Hello).Assembly.GetName().Version!.ToString(3));
        }));

    public byte[] ToParams() => Rpc.Object(json =>
    {
        json.WriteString("protocolVersion", Version);
        Rpc.WriteRaw(json, "capabilities", Capabilities);
        Rpc.WriteRaw(json, "clientInfo", ClientInfo);
    });
}
