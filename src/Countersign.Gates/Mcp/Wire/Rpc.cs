using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Countersign.Gates.Mcp.Wire;

/// <summary>Composes JSON-RPC messages around raw parameters and results.</summary>
internal static class Rpc
{
    /// <summary>The body is not what JSON-RPC 2.0 section 5.1 calls a request.</summary>
    public const int InvalidRequest = -32600;

    public const int ParseError = -32700;
    public const int MethodNotFound = -32601;
    public const int InvalidParams = -32602;
    public const int InternalError = -32603;

    /// <summary>A capability is needed that the client did not declare (2026-07-28).</summary>
    public const int MissingCapability = -32021;

    /// <summary>
    /// What servers answer when a session is unknown or a transport rule is broken; MCP names no code.
    /// </summary>
    public const int ServerError = -32000;

    private const string NotificationPrefix = "notifications/";

    private static readonly JsonWriterOptions Unchecked = new() { SkipValidation = true };

    /// <summary>
    /// Whether a method is a notification's by its name, as all of MCP's are. JSON-RPC 2.0 section 4.1 lets every
    /// method be called without an id, and a server that does so would run a tool that nobody approved.
    /// </summary>
    public static bool IsNotification(string method) =>
        method.StartsWith(NotificationPrefix, StringComparison.Ordinal);

    public static byte[] Request(RpcId id, string method, ReadOnlyMemory<byte>? parameters) => Compose(json =>
    {
        WriteId(json, id);
        json.WriteString("method", method);
        WriteRaw(json, "params", parameters);
    });

    public static byte[] Notification(string method, ReadOnlyMemory<byte>? parameters) => Compose(json =>
    {
        json.WriteString("method", method);
        WriteRaw(json, "params", parameters);
    });

    public static byte[] Result(RpcId id, ReadOnlyMemory<byte> result) => Compose(json =>
    {
        WriteId(json, id);
        WriteRaw(json, "result", result);
    });

    public static byte[] Error(RpcId id, ReadOnlyMemory<byte> error) => Compose(json =>
    {
        WriteId(json, id);
        WriteRaw(json, "error", error);
    });

    /// <summary>
    /// An error; without an id when the request's could not be read (the field is optional since 2025-11-25).
    /// </summary>
    public static byte[] Error(
        RpcId? id, int code, string message, ReadOnlyMemory<byte>? data = null) => Compose(json =>
    {
        if (id is { } known)
        {
            WriteId(json, known);
        }

        json.WriteStartObject("error");
        json.WriteNumber("code", code);
        json.WriteString("message", message);
        WriteRaw(json, "data", data);
        json.WriteEndObject();
    });

    /// <summary>The same answer under another id.</summary>
    public static byte[] Answer(RpcId id, RpcMessage.Response answer) =>
        answer.Result is { } result ? Result(id, result) : Error(id, answer.Error!.Value);

    /// <summary>An object written member by member.</summary>
    public static byte[] Object(Action<Utf8JsonWriter> members)
    {
        var output = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(output, Unchecked))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }

    public static void WriteRaw(Utf8JsonWriter json, string name, ReadOnlyMemory<byte>? value)
    {
        if (value is { } raw)
        {
            json.WritePropertyName(name);
            json.WriteRawValue(raw.Span, skipInputValidation: true);
        }
    }

    /// <summary>What a JSON-RPC error says, as one line of text.</summary>
    public static string Describe(ReadOnlyMemory<byte> error) => RawObject.TryRead(error, out var members)
        ? $"JSON-RPC error {Encoding.UTF8.GetString((members.Find("code") ?? default).Span)}: " +
            members.FindText("message")
        : "a JSON-RPC error that cannot be read";

    private static byte[] Compose(Action<Utf8JsonWriter> members) => Object(json =>
    {
        json.WriteString("jsonrpc", "2.0");
        members(json);
    });

    private static void WriteId(Utf8JsonWriter json, RpcId id) => WriteRaw(json, "id", id.Bytes);
}
