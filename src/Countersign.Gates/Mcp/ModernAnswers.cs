using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>Gives answers the form of 2026-07-28, whichever revision the upstream server speaks.</summary>
internal static class ModernAnswers
{
    private const int OldResourceNotFound = -32002;

    private static readonly byte[] s_complete = RawObject.Quote("complete");
    private static readonly byte[] s_private = RawObject.Quote("private");

    /// <summary>
    /// Answers <c>server/discover</c> from what the upstream server said about itself. Changes are announced on a
    /// stream that is not served here, so nobody is told to expect them.
    /// </summary>
    public static byte[] Discover(RawObject introduction)
    {
        var capabilities = (introduction.FindObject("capabilities") ?? RawObject.Empty).Without("tasks");
        foreach (var name in new[] { "tools", "prompts", "resources" })
        {
            if (capabilities.FindObject(name) is { } capability)
            {
                capabilities = capabilities.With(name, capability.Without("listChanged", "subscribe").ToBytes());
            }
        }

        // Tasks are the gateway's own, whatever the server knows of them.
        var extensions = capabilities.FindObject("extensions") ?? RawObject.Empty;
        capabilities = capabilities.With(
            "extensions", extensions.With(ModernEra.TasksExtension, RawObject.Empty.ToBytes()).ToBytes());

        return Rpc.Object(json =>
        {
            Rpc.WriteRaw(json, "supportedVersions", RawObject.Array([RawObject.Quote(ProtocolVersions.Modern)]));
            Rpc.WriteRaw(json, "capabilities", capabilities.ToBytes());
            Rpc.WriteRaw(json, "instructions", introduction.Find("instructions"));
        });
    }

    /// <summary>The answer with what every result of this revision carries, and the status that goes with it.</summary>
    public static Reply Dress(Reply reply, string method, RawObject introduction)
    {
        if (!RpcMessage.TryRead(reply.Message, out var message) || message is not RpcMessage.Response answer)
        {
            return reply;
        }

        if (answer.Error is { } error)
        {
            return DressError(reply, answer.Id, error);
        }

        if (!RawObject.TryRead(answer.Result!.Value, out var result))
        {
            return reply;
        }

        if (result.Find("resultType") is null)
        {
            result = result.With("resultType", s_complete);
        }

        if (IsCacheable(method))
        {
            // What an agent sees depends on who it is, so no cache may show it to another one.
            result = result.With("ttlMs", result.Find("ttlMs") ?? "0"u8.ToArray()).With("cacheScope", s_private);
        }

        var meta = result.FindObject("_meta") ?? RawObject.Empty;
        if (meta.Find(ModernEra.ServerMeta) is null && ServerOf(introduction) is { } server)
        {
            result = result.With("_meta", meta.With(ModernEra.ServerMeta, server).ToBytes());
        }

        return reply with { Message = Rpc.Result(answer.Id, result.ToBytes()) };
    }

    /// <summary>Who the upstream server says it is: in its <c>_meta</c> in this revision, beside it before.</summary>
    private static ReadOnlyMemory<byte>? ServerOf(RawObject introduction) =>
        introduction.FindObject("_meta")?.Find(ModernEra.ServerMeta) ?? introduction.Find("serverInfo");

    private static Reply DressError(Reply reply, RpcId id, ReadOnlyMemory<byte> error)
    {
        if (!RawObject.TryRead(error, out var members)
            || members.Find("code") is not { } json
            || !int.TryParse(json.Span, System.Globalization.CultureInfo.InvariantCulture, out var code))
        {
            return reply;
        }

        var message = code == OldResourceNotFound
            ? Rpc.Error(id, members.With("code", "-32602"u8.ToArray()).ToBytes())
            : reply.Message;
        return reply with { Message = message, Status = reply.Status == 200 ? StatusOf(code) : reply.Status };
    }

    private static int StatusOf(int code) => code switch
    {
        Rpc.MethodNotFound => 404,
        ModernEra.HeaderMismatch or Rpc.MissingCapability or ModernEra.UnsupportedVersion => 400,
        _ => 200,
    };

    private static bool IsCacheable(string method) => method is
        "server/discover" or "tools/list" or "prompts/list" or "resources/list" or "resources/templates/list"
        or "resources/read";
}
