using Countersign.Core.Identity;
using Countersign.Gates.Mcp.Wire;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Mcp;

/// <summary>A request that is not taken: an HTTP status, and a JSON-RPC error that says why.</summary>
internal sealed record Refusal(int Status, int Code, string Message)
{
    public RpcId? Id { get; init; }

    /// <summary>What the error says to programs, as JSON.</summary>
    public ReadOnlyMemory<byte>? Data { get; init; }

    public static Refusal UnknownSession { get; } = new(
        404, Rpc.ServerError, "This session is unknown or has ended; send a new initialize request.");

    public static Refusal Full { get; } = new(
        503,
        Rpc.ServerError,
        "This gateway serves as many sessions, of this agent or of all, as it may; end some or try again later.");

    public static Refusal NoSession { get; } = new(
        400,
        Rpc.ServerError,
        "The header Mcp-Session-Id is missing: send the id that the initialize response carried.");

    public static Refusal Stopped(AgentId agent) => new(
        403,
        Rpc.ServerError,
        $"agent-stopped: people stopped agent {agent}. Nothing is executed for it until two persons lift the stop.");

    public async Task WriteAsync(HttpContext context)
    {
        context.Response.StatusCode = Status;
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(Rpc.Error(Id, Code, Message, Data), context.RequestAborted);
    }
}
