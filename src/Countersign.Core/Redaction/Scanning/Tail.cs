using System.Buffers;

namespace Countersign.Core.Redaction.Scanning;

/// <summary>The rest of a finding that may be longer than what is seen at once: a key's lines, a long token.</summary>
internal sealed class Tail
{
    /// <summary>The lines of a PEM block, with its headers, up to its last dashes.</summary>
    public static readonly Tail Pem = new(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\\ \r\n\t:,-"u8, 1 << 16, hasEnd: true);

    /// <summary>A JSON web token.</summary>
    public static readonly Tail Token = new(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_."u8, int.MaxValue, hasEnd: false);

    /// <summary>A URL: everything that does not end one.</summary>
    public static readonly Tail Url = new(
        [.. Enumerable.Range(0, 256).Select(value => (byte)value).Where(Bytes.IsUrl)], int.MaxValue, hasEnd: false);

    private readonly SearchValues<byte> _members;

    private Tail(ReadOnlySpan<byte> members, int most, bool hasEnd) =>
        (_members, Most, HasEnd) = (SearchValues.Create(members), most, hasEnd);

    /// <summary>How long it may be.</summary>
    public int Most { get; }

    /// <summary>Whether it ends with the line that begins with <c>-----END</c>.</summary>
    public bool HasEnd { get; }

    public int EndOf(ReadOnlySpan<byte> text, int at, int stop)
    {
        var length = text[at..stop].IndexOfAnyExcept(_members);
        return length < 0 ? stop : at + length;
    }
}
