using System.Text;
using Countersign.Gates.Mcp.Wire;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Recognises requests of 2026-07-28, which carry in themselves what the handshake used to settle, and refuses those
/// that contradict themselves. The order of the checks and their codes are those of basic/transports of that revision.
/// </summary>
internal static class ModernEra
{
    public const string VersionHeader = "MCP-Protocol-Version";
    public const string MetaPrefix = "io.modelcontextprotocol/";
    public const string VersionMeta = MetaPrefix + "protocolVersion";
    public const string ClientMeta = MetaPrefix + "clientInfo";
    public const string CapabilitiesMeta = MetaPrefix + "clientCapabilities";
    public const string LogLevelMeta = MetaPrefix + "logLevel";
    public const string ServerMeta = MetaPrefix + "serverInfo";

    /// <summary>The extension by which a held call is answered with a task.</summary>
    public const string TasksExtension = MetaPrefix + "tasks";

    public const int HeaderMismatch = -32020;
    public const int UnsupportedVersion = -32022;

    /// <summary>Largest capabilities of a client; they travel to the upstream server with every request.</summary>
    private const int MaxCapabilities = 4096;

    /// <summary>
    /// Whether a message belongs to this era: its header says so, or its <c>_meta</c> names any version, which no
    /// client of the handshake does. <c>initialize</c> opens a session unless it names a version this way.
    /// </summary>
    public static bool Concerns(HttpRequest request, RpcMessage message) => message switch
    {
        RpcMessage.Request asked when asked.Arguments.FindObject("_meta")?.Find(VersionMeta) is not null => true,
        RpcMessage.Request { Method: "initialize" } => false,
        _ => request.Headers[VersionHeader].ToString() == ProtocolVersions.Modern,
    };

    /// <summary>Who asks, or why the request is refused.</summary>
    public static (ModernCaller? Caller, Refusal? Refusal) Read(HttpRequest request, RpcMessage.Request asked)
    {
        var meta = asked.Arguments.FindObject("_meta") ?? RawObject.Empty;
        var header = request.Headers[VersionHeader].ToString();
        if (meta.FindText(VersionMeta) is not { } version)
        {
            return Refuse(400, Rpc.InvalidParams, $"'params._meta' needs '{VersionMeta}'.");
        }

        if (header != version)
        {
            return Refuse(400, HeaderMismatch, $"The header {VersionHeader} must be '{version}', as the body says.");
        }

        if (version != ProtocolVersions.Modern)
        {
            return (null, new Refusal(400, UnsupportedVersion, "This protocol version is not served here.")
            {
                Id = asked.Id,
                Data = Rpc.Object(json =>
                {
                    Rpc.WriteRaw(json, "supported", RawObject.Array([RawObject.Quote(ProtocolVersions.Modern)]));
                    json.WriteString("requested", version);
                }),
            });
        }

        if (meta.FindObject(CapabilitiesMeta)?.ToBytes() is not { Length: <= MaxCapabilities } capabilities)
        {
            return Refuse(
                400,
                Rpc.InvalidParams,
                $"'params._meta' needs '{CapabilitiesMeta}', an object of at most {MaxCapabilities} bytes.");
        }

        return WhyNotRouted(request, asked) is { } mismatch
            ? Refuse(400, HeaderMismatch, mismatch)
            : (new ModernCaller(meta, capabilities, request.Headers), null);

        (ModernCaller?, Refusal?) Refuse(int status, int code, string text) =>
            (null, new Refusal(status, code, text) { Id = asked.Id });
    }

    /// <summary>The member of the parameters that <c>Mcp-Name</c> repeats; <c>null</c> without one.</summary>
    public static string? NameMemberOf(string method) => method switch
    {
        "tools/call" or "prompts/get" => "name",
        "resources/read" => "uri",
        "tasks/get" or "tasks/update" or "tasks/cancel" => "taskId",
        _ => null,
    };

    /// <summary>The value of a header that may be wrapped as <c>=?base64?…?=</c>; <c>null</c> without it.</summary>
    public static string? Decode(string header)
    {
        const string start = "=?base64?";
        const string end = "?=";
        var text = header.Trim();
        if (text.Length == 0)
        {
            return null;
        }

        if (text.Length < start.Length + end.Length
            || !text.StartsWith(start, StringComparison.OrdinalIgnoreCase)
            || !text.EndsWith(end, StringComparison.Ordinal))
        {
            return text;
        }

        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text[start.Length..^end.Length], bytes, out var length)
            ? Encoding.UTF8.GetString(bytes, 0, length)
            : text;
    }

    /// <summary>The same the other way: what is not visible ASCII is wrapped.</summary>
    public static string Encode(string value) =>
        value.Length > 0
        && value.All(character => character is >= ' ' and <= '~')
        && value == value.Trim()
        && !value.StartsWith("=?", StringComparison.Ordinal)
            ? value
            : $"=?base64?{Convert.ToBase64String(Encoding.UTF8.GetBytes(value))}?=";

    private static string? WhyNotRouted(HttpRequest request, RpcMessage.Request asked)
    {
        if (request.Headers["Mcp-Method"].ToString().Trim() != asked.Method)
        {
            return $"The header Mcp-Method must be '{asked.Method}', as the body says.";
        }

        return NameMemberOf(asked.Method) is { } member
            && Decode(request.Headers["Mcp-Name"].ToString()) != asked.Arguments.FindText(member)
                ? $"The header Mcp-Name must be the same as 'params.{member}'."
                : null;
    }
}
