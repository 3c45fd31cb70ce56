using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Countersign.Core.Actions.Json;

namespace Countersign.Gates.Http;

/// <summary>
/// The body of a request: the bytes that are sent, and beside them what people and policies read. The second is always
/// derived from the first, here and again whenever arguments are read, so that nobody approves one and sends the other.
/// <list type="bullet">
/// <item>JSON is <c>body</c>, a value; <c>body_text</c> holds it as it was written when that is another
/// spelling.</item>
/// <item>Text and forms are <c>body</c>, a text.</item>
/// <item>Everything else is <c>body_base64</c>; what was compressed stands in <c>body</c> as well.</item>
/// </list>
/// </summary>
internal sealed class HttpBody
{
    public const string Member = "body";
    public const string TextMember = "body_text";
    public const string BytesMember = "body_base64";

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly CanonicalJson? _readable;
    private readonly string? _written;
    private readonly bool _isBinary;

    private HttpBody(
        BodyKind kind, ReadOnlyMemory<byte> sent, CanonicalJson? readable, string? written, bool isBinary) =>
        (Kind, Sent, _readable, _written, _isBinary) = (kind, sent, readable, written, isBinary);

    public static HttpBody None { get; } =
        new(BodyKind.Opaque, default, readable: null, written: null, isBinary: false);

    public BodyKind Kind { get; }

    /// <summary>The bytes, as they came and as they leave.</summary>
    public ReadOnlyMemory<byte> Sent { get; }

    /// <summary>What the body says as JSON: a value, a text, or <c>null</c> when that is unknown.</summary>
    public CanonicalJson? Readable => _readable;

    /// <summary>Reads a body as it came; an empty one is none.</summary>
    public static bool TryRead(
        ReadOnlyMemory<byte> bytes,
        HttpHeaders headers,
        JsonLimits json,
        HttpLimits limits,
        [NotNullWhen(true)] out HttpBody? body,
        [NotNullWhen(false)] out string? whyNot)
    {
        (body, whyNot) = (null, null);
        if (bytes.IsEmpty)
        {
            body = None;
            return true;
        }

        var kind = MediaType.KindOf(headers.Find(HttpHeaders.ContentType));
        var encoding = headers.Find(HttpHeaders.ContentEncoding);
        var isPlain = Decompression.IsNone(encoding);
        var plain = bytes;
        if (!isPlain)
        {
            (var undone, whyNot) = Decompression.Undo(bytes, encoding!, limits);
            if (undone is null)
            {
                whyNot ??= "the body cannot be read";
                return false;
            }

            plain = undone.Value;
        }

        if (!TryUnderstand(plain, kind, json, out var readable, out whyNot))
        {
            return false;
        }

        var written = isPlain && kind == BodyKind.Json && !readable!.Bytes.Span.SequenceEqual(plain.Span)
            ? StrictUtf8.GetString(plain.Span)
            : null;
        body = new HttpBody(kind, bytes, readable, written, isBinary: !isPlain || readable is null);
        return true;
    }

    /// <summary>Reads the members of <c>arguments</c> that a body has; they have to agree with each other.</summary>
    public static bool TryRead(
        JsonElement arguments,
        HttpHeaders headers,
        JsonLimits json,
        HttpLimits limits,
        [NotNullWhen(true)] out HttpBody? body,
        [NotNullWhen(false)] out string? whyNot)
    {
        body = null;
        var value = Find(arguments, Member);
        if (!TryReadBytes(arguments, value, headers, out var bytes, out whyNot)
            || !TryRead(bytes, headers, json, limits, out body, out whyNot))
        {
            return false;
        }

        if (value is { } said && !Says(body, said, json))
        {
            whyNot = Find(arguments, BytesMember) is not null || Find(arguments, TextMember) is not null
                ? $"'{Member}' says something else than '{TextMember}' or '{BytesMember}', which is what would be " +
                    $"sent; leave those out to send '{Member}'"
                : $"'{Member}' cannot be sent as '{headers.Find(HttpHeaders.ContentType)}'";
            body = null;
            return false;
        }

        return true;
    }

    /// <summary>Adds what <c>arguments</c> hold of this body.</summary>
    public void AddTo(CanonicalObject arguments)
    {
        if (_readable is not null)
        {
            arguments.Add(Member, _readable);
        }

        if (_written is not null)
        {
            arguments.Add(TextMember, _written);
        }

        if (_isBinary && !Sent.IsEmpty)
        {
            arguments.Add(BytesMember, Convert.ToBase64String(Sent.Span));
        }
    }

    private static bool TryUnderstand(
        ReadOnlyMemory<byte> plain,
        BodyKind kind,
        JsonLimits limits,
        out CanonicalJson? readable,
        [NotNullWhen(false)] out string? whyNot)
    {
        (readable, whyNot) = (null, null);
        switch (kind)
        {
            case BodyKind.Json:
                if (!CanonicalJson.TryCanonicalize(plain.Span, limits, out readable, out var refusal))
                {
                    whyNot = $"the body is no JSON that can be read in one way only: {refusal.Message}";
                    return false;
                }

                return true;
            case BodyKind.Text or BodyKind.Form:
                try
                {
                    readable = CanonicalJson.Of(StrictUtf8.GetString(plain.Span));
                }
                catch (DecoderFallbackException)
                {
                    // Not what its type says: bytes.
                }

                return true;
            default:
                return true;
        }
    }

    private static bool TryReadBytes(
        JsonElement arguments,
        JsonElement? value,
        HttpHeaders headers,
        out ReadOnlyMemory<byte> bytes,
        [NotNullWhen(false)] out string? whyNot)
    {
        (bytes, whyNot) = (default, null);
        if (Find(arguments, BytesMember) is { } encoded)
        {
            if (encoded.ValueKind == JsonValueKind.String && encoded.TryGetBytesFromBase64(out var decoded))
            {
                bytes = decoded;
                return true;
            }

            whyNot = $"'{BytesMember}' is no base64";
            return false;
        }

        if ((Find(arguments, TextMember) ?? value) is not { } said)
        {
            return true;
        }

        var type = headers.Find(HttpHeaders.ContentType);
        switch (MediaType.KindOf(type))
        {
            case BodyKind.Json when value?.Equals(said) == true:
                bytes = Raw(said);
                return true;
            case BodyKind.Json or BodyKind.Text or BodyKind.Form when said.ValueKind == JsonValueKind.String:
                bytes = Encoding.UTF8.GetBytes(said.GetString()!);
                return true;
            default:
                whyNot = $"a body of {(type is null ? "no content-type" : $"'{type}'")} is no such '{Member}'; name " +
                    $"another content-type in 'headers', or write '{BytesMember}'";
                return false;
        }
    }

    private static byte[] Raw(JsonElement value) => Encoding.UTF8.GetBytes(value.GetRawText());

    private static bool Says(HttpBody body, JsonElement said, JsonLimits limits) => body._readable is { } readable
        && CanonicalJson.TryCanonicalize(Raw(said), limits, out var canonical, out _)
        && canonical.Bytes.Span.SequenceEqual(readable.Bytes.Span);

    private static JsonElement? Find(JsonElement arguments, string name) =>
        arguments.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
