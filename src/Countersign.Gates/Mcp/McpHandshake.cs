using Countersign.Gates.Mcp.Upstream;
using Countersign.Gates.Mcp.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.Gates.Mcp;

/// <summary>Answers <c>initialize</c>: the upstream server's own introduction, in a version both sides speak.</summary>
internal sealed class McpHandshake(McpSessions sessions, TimeProvider time, ILogger log)
{
    /// <summary>
    /// Longest client name or version, and largest capabilities: all of it travels in the session id.
    /// </summary>
    private const int MaxName = 100;
    private const int MaxCapabilities = 4096;

    private static readonly Refusal s_incomplete = new(
        400,
        Rpc.InvalidParams,
        $"'initialize' needs protocolVersion, and capabilities of at most {MaxCapabilities} bytes.");

    public async Task AnswerAsync(HttpContext context, Visitor visitor, RpcMessage.Request request)
    {
        if (Read(visitor, request) is not { } ticket)
        {
            await (s_incomplete with { Id = request.Id }).WriteAsync(context);
            return;
        }

        try
        {
            if (await sessions.BeginAsync(ticket, visitor.Options, context.RequestAborted) is not { } begun)
            {
                await (Refusal.Full with { Id = request.Id }).WriteAsync(context);
                return;
            }

            log.SessionBegun(visitor.Target.Name, visitor.Asker.Agent);
            context.Response.Headers["Mcp-Session-Id"] = begun.Id;
            await WriteAsync(context, Rpc.Result(request.Id, Introduce(begun.Session, begun.Upstream)));
        }
        catch (UpstreamException failure)
        {
            log.UpstreamFailed(visitor.Target.Name, failure.Message);
            await WriteAsync(context, Rpc.Error(
                request.Id, Rpc.InternalError, $"Target '{visitor.Target.Name}' is not available: {failure.Message}"));
        }
    }

    private SessionTicket? Read(Visitor visitor, RpcMessage.Request request)
    {
        var parameters = request.Arguments;
        var capabilities = parameters.FindObject("capabilities") ?? RawObject.Empty;
        // Experimental tasks are not mediated, in neither direction, so nobody is told of them.
        var forwarded = capabilities.Without("tasks").ToBytes();
        if (parameters.FindText("protocolVersion") is not { } version || forwarded.Length > MaxCapabilities)
        {
            return null;
        }

        var client = parameters.FindObject("clientInfo") ?? RawObject.Empty;
        return new SessionTicket(visitor.Asker, visitor.Target.Name, ProtocolVersions.Negotiate(version))
        {
            ClientName = Cut(client.FindText("name")),
            ClientVersion = Cut(client.FindText("version")),
            Capabilities = forwarded,
            Issued = time.GetUtcNow(),
        };
    }

    private static byte[] Introduce(McpSession session, UpstreamConnection upstream)
    {
        var introduction = upstream.Introduction.With("protocolVersion", RawObject.Quote(session.Ticket.Version));
        return introduction.FindObject("capabilities") is { } capabilities
            ? introduction.With("capabilities", capabilities.Without("tasks").ToBytes()).ToBytes()
            : introduction.ToBytes();
    }

    private static async Task WriteAsync(HttpContext context, byte[] message)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = message.Length;
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(message, context.RequestAborted);
    }

    private static string Cut(string? text) => text switch
    {
        null => "unknown",
        { Length: > MaxName } longer => longer[..MaxName],
        _ => text,
    };
}
