using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Countersign.Gates.Credentials;

/// <summary>
/// Finds secrets in the strings and member names of a JSON text, in whatever spelling JSON has for them, and writes the
/// word instead. Everything else stays byte for byte as it came. The secrets are printable ASCII, as headers are.
/// </summary>
internal sealed class SecretMask
{
    /// <summary>Of a <c>\u</c> and its digits.</summary>
    private const int HexEscape = 6;

    private static readonly byte[] Mask = "(secret)"u8.ToArray();

    private readonly ImmutableArray<string> _secrets;
    private readonly SearchValues<byte> _starts;
    private readonly int _maxDepth;

    public SecretMask(IEnumerable<string> secrets, int maxDepth)
    {
        // The longest first: what follows a scheme is part of the whole value.
        _secrets = [.. secrets.Distinct().OrderByDescending(secret => secret.Length)];
        _starts = SearchValues.Create([(byte)'\\', .. _secrets.Select(secret => (byte)secret[0])]);
        _maxDepth = maxDepth;
    }

    /// <summary>The same memory when there is nothing to hide in it.</summary>
    public ReadOnlyMemory<byte> Apply(ReadOnlyMemory<byte> json)
    {
        var found = new List<Range>();
        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = _maxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
            {
                Find(json.Span, (int)reader.TokenStartIndex + 1, reader.ValueSpan.Length, found);
            }
        }

        return found.Count == 0 ? json : Replace(json.Span, found);
    }

    private static byte[] Replace(ReadOnlySpan<byte> json, List<Range> found)
    {
        var masked = new ArrayBufferWriter<byte>(json.Length);
        var copied = 0;
        foreach (var range in found)
        {
            masked.Write(json[copied..range.Start.Value]);
            masked.Write(Mask);
            copied = range.End.Value;
        }

        masked.Write(json[copied..]);
        return masked.WrittenSpan.ToArray();
    }

    /// <summary>Looks through one string, without its quotes.</summary>
    private void Find(ReadOnlySpan<byte> json, int start, int length, List<Range> found)
    {
        var (at, end) = (start, start + length);
        while (at < end && json[at..end].IndexOfAny(_starts) is >= 0 and var next)
        {
            at += next;
            var secret = LengthAt(json[at..end]);
            if (secret > 0)
            {
                found.Add(at..(at + secret));
            }

            at += secret > 0 ? secret : Next(json[at..end]).Length;
        }
    }

    /// <summary>How many bytes spell a secret here; 0 when there is none.</summary>
    private int LengthAt(ReadOnlySpan<byte> text)
    {
        foreach (var secret in _secrets)
        {
            if (LengthOf(secret, text) is > 0 and var length)
            {
                return length;
            }
        }

        return 0;
    }

    private static int LengthOf(string secret, ReadOnlySpan<byte> text)
    {
        var at = 0;
        foreach (var wanted in secret)
        {
            if (at == text.Length)
            {
                return 0;
            }

            var (character, length) = Next(text[at..]);
            if (character != wanted)
            {
                return 0;
            }

            at += length;
        }

        return at;
    }

    /// <summary>The next character where it is ASCII, and how many bytes it is written in.</summary>
    private static (char Character, int Length) Next(ReadOnlySpan<byte> text) => text switch
    {
        [(byte)'\\', (byte)'u', ..] => ((char)ushort.Parse(
            text[2..HexEscape], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture), HexEscape),
        // The letters of the other escapes stand for control characters, which no header holds.
        [(byte)'\\', (byte)'"' or (byte)'\\' or (byte)'/', ..] => ((char)text[1], 2),
        [(byte)'\\', ..] => ('\0', 2),
        _ => ((char)text[0], 1),
    };
}
