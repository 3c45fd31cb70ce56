using Countersign.Gates.Mcp.Wire;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Sends clients of 2026-07-28 back to the handshake. The answer carries none of that revision's own error codes: a
/// client falls back to <c>initialize</c> upon a client error it does not recognise (basic/versioning of 2026-07-28),
/// and takes a recognised one as the word of a modern server.
/// </summary>
internal static class ModernEra
{
    public const string VersionHeader = "MCP-Protocol-Version";
    private const string VersionMeta = "io.modelcontextprotocol/protocolVersion";

    /// <summary>The refusal of a modern request; <c>null</c> for everything else.</summary>
    public static Refusal? Refuse(HttpRequest request, RpcMessage message)
    {
        if (message is not RpcMessage.Request { Method: not "initialize" } asked)
        {
            return null;
        }

        var header = request.Headers[VersionHeader].ToString();
        var inBody = asked.Arguments.FindObject("_meta")?.FindText(VersionMeta);
        return header == ProtocolVersions.Modern || inBody is not null
            ? new Refusal(
                400,
                Rpc.ServerError,
                $"Protocol version {inBody ?? header} is not served here. Send 'initialize' with one of " +
                $"{string.Join(", ", ProtocolVersions.Supported)}.") { Id = asked.Id }
            : null;
    }
}
