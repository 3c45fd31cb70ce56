using System.Net.Http.Headers;

namespace Countersign.Gates.Http;

/// <summary>What a body is, as far as its <c>Content-Type</c> can be relied on.</summary>
internal enum BodyKind
{
    /// <summary>Nobody can say; it passes as bytes and is shown as such.</summary>
    Opaque,

    Json,

    /// <summary><c>application/x-www-form-urlencoded</c>.</summary>
    Form,

    Text,
}

/// <summary>Reads <c>Content-Type</c> (RFC 9110 section 8.3).</summary>
internal static class MediaType
{
    private static readonly string[] Texts =
    [
        "application/graphql", "application/javascript", "application/jsonl", "application/sql",
        "application/x-ndjson", "application/xml", "application/yaml", "application/x-yaml",
    ];

    /// <summary>What cannot hold a text that people or models read.</summary>
    private static readonly string[] Pictures = ["image/", "audio/", "video/", "font/"];

    /// <summary>
    /// What a body is; anything but UTF-8 is opaque, because servers disagree about how to read it (THR-055).
    /// </summary>
    public static BodyKind KindOf(string? contentType)
    {
        if (contentType is null
            || !MediaTypeHeaderValue.TryParse(contentType, out var parsed)
            || parsed.MediaType?.ToLowerInvariant() is not { } type
            || parsed.Parameters.Count(each => Is(each.Name, "charset")) > 1
            || parsed.CharSet is { } charset && !IsUtf8(charset.Trim('"')))
        {
            return BodyKind.Opaque;
        }

        return type switch
        {
            "application/json" or "text/json" => BodyKind.Json,
            "application/x-www-form-urlencoded" => BodyKind.Form,
            _ when type.EndsWith("+json", StringComparison.Ordinal) => BodyKind.Json,
            _ when type.StartsWith("text/", StringComparison.Ordinal) || type.EndsWith("+xml", StringComparison.Ordinal)
                || Texts.Contains(type) => BodyKind.Text,
            _ => BodyKind.Opaque,
        };
    }

    public static bool IsEventStream(string? contentType) =>
        contentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) == true;

    public static bool IsPicture(string? contentType) => contentType is not null
        && Pictures.Any(each => contentType.StartsWith(each, StringComparison.OrdinalIgnoreCase))
        && !contentType.Contains("svg", StringComparison.OrdinalIgnoreCase);

    private static bool IsUtf8(string charset) =>
        Is(charset, "utf-8") || Is(charset, "utf8") || Is(charset, "us-ascii");

    private static bool Is(string? text, string name) => string.Equals(text, name, StringComparison.OrdinalIgnoreCase);
}
