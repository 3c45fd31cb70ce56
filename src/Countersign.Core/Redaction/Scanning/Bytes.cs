using System.Buffers;

namespace Countersign.Core.Redaction.Scanning;

/// <summary>The classes of bytes that scanning asks for, as one table of flags.</summary>
internal static class Bytes
{
    /// <summary>A decoded space inside an address, <c>%20</c>: it separates digits and does not end a URL.</summary>
    public const byte SoftSpace = 0x1F;

    /// <summary>A decoded character beyond ASCII.</summary>
    public const byte Beyond = 0xBF;

    private const byte Letter = 1;
    private const byte Digit = 2;
    private const byte Hex = 4;
    private const byte Local = 8;
    private const byte Url = 16;
    private const byte Label = 32;
    private const byte Space = 64;

    private static readonly byte[] Flags = MakeFlags();

    private static readonly SearchValues<byte> WordBytes =
        SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    public static bool IsWord(byte value) => (Flags[value] & (Letter | Digit)) != 0;

    public static bool IsLetter(byte value) => (Flags[value] & Letter) != 0;

    public static bool IsDigit(byte value) => (Flags[value] & Digit) != 0;

    public static bool IsHex(byte value) => (Flags[value] & Hex) != 0;

    /// <summary>May stand before the @ of an e-mail address.</summary>
    public static bool IsLocal(byte value) => (Flags[value] & Local) != 0;

    public static bool IsUrl(byte value) => (Flags[value] & Url) != 0;

    /// <summary>May stand in a label of a domain name, also an international one.</summary>
    public static bool IsLabel(byte value) => (Flags[value] & Label) != 0;

    public static bool IsSpace(byte value) => (Flags[value] & Space) != 0;

    public static bool IsUpper(byte value) => value is >= (byte)'A' and <= (byte)'Z';

    public static byte Lower(byte value) => IsUpper(value) ? (byte)(value | 0x20) : value;

    /// <summary>Where the letters and digits end, at most so many bytes further on.</summary>
    public static int WordEnd(ReadOnlySpan<byte> text, int at, int most)
    {
        var end = at;
        var stop = Math.Min(text.Length, at + most);
        while (end < stop && IsWord(text[end]))
        {
            if (++end - at == 16)
            {
                // Long runs are rare, and then often very long.
                var more = text[end..stop].IndexOfAnyExcept(WordBytes);
                return more < 0 ? stop : end + more;
            }
        }

        return end;
    }

    /// <summary>The byte at a place, or a space beyond either end.</summary>
    public static byte At(ReadOnlySpan<byte> text, int at) => (uint)at < (uint)text.Length ? text[at] : (byte)' ';

    public static bool StartsWith(ReadOnlySpan<byte> text, int at, ReadOnlySpan<byte> prefix) =>
        (uint)at < (uint)text.Length && text[at..].StartsWith(prefix);

    private static byte[] MakeFlags()
    {
        var flags = new byte[256];
        Mark(flags, Letter | Local | Url | Label, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);
        Mark(flags, Digit | Hex | Local | Url | Label, "0123456789"u8);
        Mark(flags, Hex, "abcdefABCDEF"u8);
        Mark(flags, Local, "._%+-'~"u8);
        Mark(flags, Url, "-._~:/?#[]@!$&'()*+,;=%"u8);
        Mark(flags, Label, "-"u8);
        Mark(flags, Space, " \t\r\n\f\v"u8);
        flags[SoftSpace] |= Space | Url;
        for (var beyond = 0x80; beyond <= 0xFF; beyond++)
        {
            flags[beyond] |= Local | Url | Label;
        }

        return flags;
    }

    private static void Mark(byte[] flags, int flag, ReadOnlySpan<byte> members)
    {
        foreach (var member in members)
        {
            flags[member] |= (byte)flag;
        }
    }
}
