using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Countersign.Gates.Http;

/// <summary>
/// The path of a request, decoded once (DESIGN section 6.5). What decoding leaves can be read in one way only: no
/// percent sign, no dot segment, no empty segment but the last, nothing that servers take for a separator.
/// </summary>
internal sealed class HttpPath
{
    /// <summary>Longest path in characters of its decoded form.</summary>
    public const int Longest = 4 * 1024;

    /// <summary>What stays as it is when a path is written (RFC 3986 section 3.3, <c>pchar</c>).</summary>
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/");

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private HttpPath(string text) => Text = text;

    /// <summary>Decoded, from the first slash on.</summary>
    public string Text { get; }

    public string[] Segments => Text[1..].Split('/');

    /// <summary>Reads a path as it stands in a request line.</summary>
    public static bool TryDecode(
        string raw, [NotNullWhen(true)] out HttpPath? path, [NotNullWhen(false)] out string? whyNot)
    {
        path = null;
        whyNot = raw.Contains("%2f", StringComparison.OrdinalIgnoreCase)
            ? "it holds an encoded slash, which servers read in two ways"
            : null;
        if (whyNot is not null)
        {
            return false;
        }

        return PercentText.TryDecode(raw, out var text, out whyNot) && TryRead(text, out path, out whyNot);
    }

    /// <summary>Reads a path that is decoded already.</summary>
    public static bool TryRead(
        string text, [NotNullWhen(true)] out HttpPath? path, [NotNullWhen(false)] out string? whyNot)
    {
        whyNot = WhyNot(text);
        path = whyNot is null ? new HttpPath(text) : null;
        return path is not null;
    }

    /// <summary>The one way in which this path is written for the target.</summary>
    public string Encode()
    {
        if (!Text.AsSpan().ContainsAnyExcept(Plain))
        {
            return Text;
        }

        var encoded = new StringBuilder(Text.Length + 16);
        foreach (var rune in Text.EnumerateRunes())
        {
            if (rune.IsAscii && Plain.Contains((char)rune.Value))
            {
                encoded.Append((char)rune.Value);
            }
            else
            {
                PercentText.Append(encoded, rune);
            }
        }

        return encoded.ToString();
    }

    public override string ToString() => Text;

    private static string? WhyNot(string text) => text switch
    {
        "" => "it does not begin with a slash",
        _ when text[0] != '/' => "it does not begin with a slash",
        { Length: > Longest } => $"it is longer than {Longest} characters",
        _ when text.Contains('%') => "it still holds a percent sign after it was decoded once",
        _ when text.Contains('\\') => "it holds a backslash, which some servers take for a slash",
        _ when text.Any(char.IsControl) => "it holds a control character",
        _ when text.Contains("//", StringComparison.Ordinal) => "it holds an empty segment",
        _ when !IsText(text) => "it is no Unicode text",
        _ => text[1..].Split('/').Any(IsDots) ? "it holds a dot segment" : null,
    };

    /// <summary>Some servers drop what follows a semicolon before they resolve dots.</summary>
    private static bool IsDots(string segment)
    {
        var end = segment.IndexOf(';', StringComparison.Ordinal);
        return (end < 0 ? segment : segment[..end]).Trim() is "." or "..";
    }

    private static bool IsText(string text)
    {
        try
        {
            return StrictUtf8.GetByteCount(text) >= 0;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }
}
