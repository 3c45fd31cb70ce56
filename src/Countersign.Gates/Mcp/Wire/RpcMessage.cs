using System.Diagnostics.CodeAnalysis;
using Countersign.Core.Redaction;

namespace Countersign.Gates.Mcp.Wire;

/// <summary>One message of JSON-RPC 2.0 as MCP uses it; parameters and results stay raw.</summary>
internal abstract record RpcMessage
{
    private RpcMessage()
    {
    }

    /// <summary>The whole message as it came.</summary>
    public required ReadOnlyMemory<byte> Bytes { get; init; }

    public sealed record Request(RpcId Id, string Method, ReadOnlyMemory<byte>? Params) : RpcMessage
    {
        /// <summary>The parameters as an object; empty when there are none.</summary>
        public RawObject Arguments => ObjectOf(Params);
    }

    public sealed record Notification(string Method, ReadOnlyMemory<byte>? Params) : RpcMessage
    {
        public RawObject Arguments => ObjectOf(Params);
    }

    /// <summary>An answer: exactly one of result and error is there.</summary>
    public sealed record Response(RpcId Id, ReadOnlyMemory<byte>? Result, ReadOnlyMemory<byte>? Error) : RpcMessage
    {
        /// <summary>What is masked in it.</summary>
        public RedactionReport Masked { get; init; } = RedactionReport.Empty;
    }

    /// <summary>Reads one message; <c>null</c> when the bytes are no JSON-RPC message.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> json, [NotNullWhen(true)] out RpcMessage? message)
    {
        message = RawObject.TryRead(json, out var members) && members.FindText("jsonrpc") == "2.0"
            ? Classify(members, json)
            : null;
        return message is not null;
    }

    private static RawObject ObjectOf(ReadOnlyMemory<byte>? parameters) =>
        parameters is { } json && RawObject.TryRead(json, out var read) ? read : RawObject.Empty;

    private static RpcMessage? Classify(RawObject members, ReadOnlyMemory<byte> json)
    {
        var parameters = members.Find("params");
        var hasId = RpcId.TryRead(members.Find("id"), out var id);
        return (members.FindText("method"), hasId, members.Find("id")) switch
        {
            ({ } method, true, _) => new Request(id, method, parameters) { Bytes = json },
            ({ } method, false, null) => new Notification(method, parameters) { Bytes = json },
            (null, true, _) => Answer(id, members, json),
            _ => null,
        };
    }

    private static Response? Answer(RpcId id, RawObject members, ReadOnlyMemory<byte> json)
    {
        var (result, error) = (members.Find("result"), members.Find("error"));
        return result is null == error is null ? null : new Response(id, result, error) { Bytes = json };
    }
}
