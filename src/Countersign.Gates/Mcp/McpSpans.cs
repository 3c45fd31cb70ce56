using System.Diagnostics;
using System.Globalization;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Tracing;
using Countersign.Gates.Access;
using Countersign.Gates.Mcp.Upstream;
using Countersign.Gates.Mcp.Wire;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Mcp;

/// <summary>
/// The spans of requests, by OpenTelemetry's conventions for MCP: one where a client's request comes in, one where a
/// request goes out to a target's server. What a client chose freely is not in them (prompt names, resource URIs, ids
/// that are text), and neither is the session id, which opens a session.
/// </summary>
internal static class McpSpans
{
    /// <summary>Longest tool name in a span: twice what 2026-07-28 allows, because servers are not trusted.</summary>
    private const int MaxName = 128;

    private static readonly string[] Traced = [TraceHeaders.Parent, TraceHeaders.State, TraceHeaders.Baggage];

    /// <summary>
    /// A request of a client. Its parent stands in <c>_meta</c> or, failing that, in the headers; when both do, the
    /// headers' is linked, because one HTTP request and one MCP request are different things.
    /// </summary>
    public static Activity? Enter(HttpRequest carrier, RpcMessage.Request request, TargetName target, string version)
    {
        if (!Spans.AreWanted)
        {
            return null;
        }

        var headers = TraceHeaders.Read(carrier);
        var caller = ContextIn(request.Arguments) ?? headers;
        var span = Spans.Enter(NameOf(request.Method), caller, headers);
        Describe(span, request.Method, request.Id, version);
        span?.SetTag("network.transport", "tcp");
        span?.SetTag("countersign.target.name", target.Value);
        return span;
    }

    /// <summary>The present span calls this tool, which the target is known to have.</summary>
    public static void NameTool(string tool) => NameTool(Spans.Current, tool);

    /// <summary>What became of the request that the present span is about.</summary>
    public static void Tell(Activity? span, Reply reply)
    {
        if (span is not { IsAllDataRequested: true })
        {
            return;
        }

        if (reply.Outcome is { } record)
        {
            Spans.Tell(span, record);
        }
        else if (reply.Handled?.Answer is Answer.StillPending pending)
        {
            Spans.Tell(span, pending.Record);
        }

        TellAnswer(span, reply.Message);
    }

    /// <summary>A request to a target's server; only tools that it has are called there.</summary>
    public static Activity? Send(string method, ReadOnlyMemory<byte>? parameters, RpcId id, string version)
    {
        var span = Spans.Start(NameOf(method), ActivityKind.Client);
        Describe(span, method, id, version);
        if (span is not null && method == "tools/call"
            && parameters is { } json && RawObject.TryRead(json, out var call)
            && call.FindText("name") is { } tool)
        {
            NameTool(span, tool);
        }

        return span;
    }

    public static void Fail(Activity? span, SendFate fate) => Spans.Fail(span, fate switch
    {
        SendFate.NotSent => "not_sent",
        SendFate.Refused => "refused",
        SendFate.TooLarge => "too_large",
        _ => "lost",
    });

    /// <summary>What a target's server answered: its code, never its words.</summary>
    public static void Tell(Activity? span, RpcMessage.Response answer)
    {
        if (span is not { IsAllDataRequested: true })
        {
            return;
        }

        if (answer.Error is { } error)
        {
            TellError(span, error);
        }
        else
        {
            TellResult(span, answer.Result);
        }
    }

    /// <summary>Parameters without what they say of traces: a trace goes on from here, and baggage ends.</summary>
    public static ReadOnlyMemory<byte>? Untraced(ReadOnlyMemory<byte>? parameters)
    {
        if (parameters is not { } json
            || !RawObject.TryRead(json, out var members)
            || members.FindObject("_meta") is not { } meta
            || !meta.Members.Any(member => Traced.Contains(member.Key, StringComparer.Ordinal)))
        {
            return parameters;
        }

        meta = meta.Without(Traced);
        return (meta.Members.Any() ? members.With("_meta", meta.ToBytes()) : members.Without("_meta")).ToBytes();
    }

    /// <summary><c>_meta</c> with the names that 2026-07-28 reserves for this.</summary>
    public static RawObject With(RawObject meta, TraceContext? context)
    {
        foreach (var (name, value) in TraceHeaders.Of(context))
        {
            meta = meta.With(name, RawObject.Quote(value));
        }

        return meta;
    }

    private static TraceContext? ContextIn(RawObject parameters) =>
        parameters.FindObject("_meta") is { } meta
            ? TraceContext.Read(meta.FindText(TraceHeaders.Parent), meta.FindText(TraceHeaders.State))
            : null;

    private static void Describe(Activity? span, string method, RpcId id, string version)
    {
        span?.SetTag("mcp.method.name", NameOf(method));
        span?.SetTag("mcp.protocol.version", version);
        if (long.TryParse(id.Json, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            span?.SetTag("jsonrpc.request.id", id.Json);
        }
    }

    private static void NameTool(Activity? span, string tool)
    {
        if (span is not null)
        {
            var name = tool.Length <= MaxName ? tool : tool[..MaxName];
            span.DisplayName = $"tools/call {name}";
            span.SetTag("gen_ai.tool.name", name);
            span.SetTag("gen_ai.operation.name", "execute_tool");
        }
    }

    private static void TellAnswer(Activity span, ReadOnlyMemory<byte> message)
    {
        if (!RawObject.TryRead(message, out var members))
        {
            return;
        }

        if (members.Find("error") is { } error)
        {
            TellError(span, error);
        }
        else
        {
            TellResult(span, members.Find("result"));
        }
    }

    private static void TellError(Activity span, ReadOnlyMemory<byte> error)
    {
        var isNumber = RawObject.TryRead(error, out var members)
            && members.Find("code") is { } value
            && int.TryParse(value.Span, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);
        var code = isNumber ? System.Text.Encoding.ASCII.GetString(members!.Find("code")!.Value.Span) : "_OTHER";
        span.SetTag("rpc.response.status_code", code);
        Spans.Fail(span, code);
    }

    private static void TellResult(Activity span, ReadOnlyMemory<byte>? result)
    {
        if (result is { } value
            && RawObject.TryRead(value, out var members)
            && members.Find("isError") is { } flag
            && flag.Span.SequenceEqual("true"u8))
        {
            Spans.Fail(span, "tool_error");
        }
    }

    /// <summary>A method that nobody knows may be a secret as well as a mistake.</summary>
    private static string NameOf(string method) => method is
        "initialize" or "server/discover" or "ping" or "tools/list" or "tools/call" or "prompts/list" or "prompts/get"
        or "resources/list" or "resources/templates/list" or "resources/read" or "resources/subscribe"
        or "resources/unsubscribe" or "completion/complete" or "logging/setLevel"
        or "tasks/get" or "tasks/update" or "tasks/cancel"
            ? method
            : "_OTHER";
}
