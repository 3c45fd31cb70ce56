using System.Buffers;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Countersign.Gates.Http;

/// <summary>
/// An answer as the outcome of an action holds it: <c>status</c>, <c>headers</c>, and <c>body</c> (JSON byte for byte
/// as it came, or a text), <c>body_text</c> (what should be JSON and is a part of it) or <c>body_base64</c>.
/// <c>truncated</c> says that the caller got more than was recorded.
/// </summary>
internal sealed record StoredAnswer(
    int Status, ImmutableArray<KeyValuePair<string, string>> Headers, ReadOnlyMemory<byte> Body, bool IsTruncated)
{
    /// <summary>A body that is nested deeper is kept as a text.</summary>
    private const int MostDepth = 60;

    public static byte[] Write(LiveAnswer answer)
    {
        var buffer = new ArrayBufferWriter<byte>(answer.Head.Length + 512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("status", answer.Status);
            json.WriteStartObject("headers");
            foreach (var group in answer.Headers.GroupBy(
                header => header.Key.ToLowerInvariant(), header => header.Value, StringComparer.Ordinal))
            {
                json.WriteString(group.Key, string.Join(", ", group));
            }

            json.WriteEndObject();
            WriteBody(json, answer);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary><c>null</c> when this is the outcome of something else.</summary>
    public static StoredAnswer? Read(ReadOnlyMemory<byte> result)
    {
        using var document = JsonDocument.Parse(result, new JsonDocumentOptions { MaxDepth = MostDepth + 4 });
        var json = document.RootElement;
        if (json.ValueKind != JsonValueKind.Object
            || !json.TryGetProperty("status", out var status)
            || !status.TryGetInt32(out var code)
            || !json.TryGetProperty("headers", out var headers))
        {
            return null;
        }

        return new StoredAnswer(
            code,
            [.. headers.EnumerateObject().Select(each => KeyValuePair.Create(each.Name, each.Value.GetString()!))],
            BodyOf(json, headers),
            json.TryGetProperty("truncated", out _));
    }

    private static void WriteBody(Utf8JsonWriter json, LiveAnswer answer)
    {
        var body = answer.Head;
        if (!answer.IsComplete)
        {
            json.WriteBoolean("truncated", true);
        }

        if (body.IsEmpty)
        {
            return;
        }

        if (answer.IsComplete && MediaType.KindOf(answer.ContentType) == BodyKind.Json && IsJson(body.Span))
        {
            json.WritePropertyName(HttpBody.Member);
            json.WriteRawValue(body.Span, skipInputValidation: true);
        }
        else if (MediaType.KindOf(answer.ContentType) is not BodyKind.Opaque and var kind && Utf8.IsValid(body.Span))
        {
            json.WriteString(kind == BodyKind.Json ? HttpBody.TextMember : HttpBody.Member, body.Span);
        }
        else
        {
            json.WriteBase64String(HttpBody.BytesMember, body.Span);
        }
    }

    private static ReadOnlyMemory<byte> BodyOf(JsonElement json, JsonElement headers)
    {
        if (json.TryGetProperty(HttpBody.BytesMember, out var bytes))
        {
            return bytes.GetBytesFromBase64();
        }

        if (json.TryGetProperty(HttpBody.TextMember, out var text))
        {
            return Encoding.UTF8.GetBytes(text.GetString()!);
        }

        if (!json.TryGetProperty(HttpBody.Member, out var body))
        {
            return default;
        }

        var type = headers.TryGetProperty("content-type", out var said) ? said.GetString() : null;
        return MediaType.KindOf(type) == BodyKind.Json
            ? JsonMarshal.GetRawUtf8Value(body).ToArray()
            : Encoding.UTF8.GetBytes(body.GetString()!);
    }

    private static bool IsJson(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = MostDepth });
        try
        {
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
