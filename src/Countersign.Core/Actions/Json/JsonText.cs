using System.Buffers;
using System.Text;

namespace Countersign.Core.Actions.Json;

/// <summary>
/// Strings: taking the escapes of RFC 8259 section 7 out, and putting those of RFC 8785 section 3.2.2.2 in.
/// </summary>
internal static class JsonText
{
    private static readonly SearchValues<byte> Special = SearchValues.Create(SpecialBytes());

    /// <summary>Bytes up to the first quote, backslash or control character, or -1 when there is none.</summary>
    public static int IndexOfSpecial(ReadOnlySpan<byte> utf8) => utf8.IndexOfAny(Special);

    /// <summary>Appends valid UTF-8 as a quoted canonical string.</summary>
    public static void AppendQuoted(OutputBuffer output, ReadOnlySpan<byte> utf8)
    {
        output.Append((byte)'"');
        for (int special = IndexOfSpecial(utf8); special >= 0; special = IndexOfSpecial(utf8))
        {
            output.Append(utf8[..special]);
            AppendEscape(output, utf8[special]);
            utf8 = utf8[(special + 1)..];
        }

        output.Append(utf8);
        output.Append((byte)'"');
    }

    /// <summary>
    /// Appends the character that the escape at the start of <paramref name="input"/> stands for, as UTF-8, and tells
    /// how many bytes the escape took; a refused escape gives its fault.
    /// </summary>
    public static bool TryUnescape(ReadOnlySpan<byte> input, OutputBuffer output, out int taken, out JsonFault fault)
    {
        taken = 2;
        fault = JsonFault.MalformedEscape;
        if (input is [_, (byte)'u', ..])
        {
            return TryUnescapeUnicode(input, output, out taken, out fault);
        }

        int letter = input.Length < 2 ? -1 : "\"\\/bfnrt"u8.IndexOf(input[1]);
        if (letter < 0)
        {
            return false;
        }

        output.Append("\"\\/\b\f\n\r\t"u8[letter]);
        return true;
    }

    private static bool TryUnescapeUnicode(
        ReadOnlySpan<byte> input, OutputBuffer output, out int taken, out JsonFault fault)
    {
        taken = 6;
        fault = JsonFault.MalformedEscape;
        if (!TryReadUnit(input, out char unit))
        {
            return false;
        }

        if (!Rune.TryCreate(unit, out Rune character))
        {
            taken = 12;
            fault = JsonFault.LoneSurrogate;
            if (!TryReadUnit(input[6..], out char low) || !Rune.TryCreate(unit, low, out character))
            {
                return false;
            }
        }

        output.Advance(character.EncodeToUtf8(output.Reserve(4)));
        return true;
    }

    private static bool TryReadUnit(ReadOnlySpan<byte> input, out char unit)
    {
        Span<byte> bytes = stackalloc byte[2];
        bool read = input is [(byte)'\\', (byte)'u', _, _, _, _, ..]
            && Convert.FromHexString(input[2..6], bytes, out _, out _) == OperationStatus.Done;
        unit = (char)((bytes[0] << 8) | bytes[1]);
        return read;
    }

    private static void AppendEscape(OutputBuffer output, byte special)
    {
        int letter = "\"\\\b\f\n\r\t"u8.IndexOf(special);
        if (letter >= 0)
        {
            output.Append((byte)'\\');
            output.Append("\"\\bfnrt"u8[letter]);
            return;
        }

        output.Append("\\u00"u8);
        output.Append("0123456789abcdef"u8[special >> 4]);
        output.Append("0123456789abcdef"u8[special & 0xF]);
    }

    private static byte[] SpecialBytes() =>
        [.. Enumerable.Range(0, 0x20).Select(control => (byte)control), (byte)'"', (byte)'\\'];
}
