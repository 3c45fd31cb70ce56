using System.IO.Compression;

namespace Countersign.Gates.Http;

/// <summary>Content codings (RFC 9110 section 8.4.1), undone under caps (THR-075).</summary>
internal static class Decompression
{
    /// <summary>Whether a body is sent as it is.</summary>
    public static bool IsNone(string? encoding) =>
        string.IsNullOrWhiteSpace(encoding) || encoding.Trim().Equals("identity", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// A stream of what was encoded; <c>null</c> when nobody here knows the coding, or it is more than one.
    /// </summary>
    public static Stream? Open(Stream encoded, string encoding) => encoding.Trim().ToLowerInvariant() switch
    {
        "gzip" or "x-gzip" => new GZipStream(encoded, CompressionMode.Decompress),
        "deflate" => new ZLibStream(encoded, CompressionMode.Decompress),
        "br" => new BrotliStream(encoded, CompressionMode.Decompress),
        _ => null,
    };

    /// <summary>The body as it was before it was encoded, or why it is not looked at.</summary>
    public static (ReadOnlyMemory<byte>? Plain, string? WhyNot) Undo(
        ReadOnlyMemory<byte> encoded, string encoding, HttpLimits limits)
    {
        using var stream = Open(new MemoryStream(encoded.ToArray()), encoding);
        if (stream is null)
        {
            return (null, $"nothing here can read the content coding '{encoding}'; send gzip, deflate, br or none");
        }

        var most = (int)Math.Min(limits.Decompressed, (long)encoded.Length * limits.Ratio);
        using var plain = new MemoryStream();
        var chunk = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = stream.Read(chunk)) > 0)
            {
                plain.Write(chunk, 0, read);
                if (plain.Length > most)
                {
                    return (null, $"the body grows beyond {most} bytes when it is decompressed");
                }
            }
        }
        catch (InvalidDataException)
        {
            return (null, $"the body is no {encoding}");
        }

        return (plain.ToArray(), null);
    }
}
