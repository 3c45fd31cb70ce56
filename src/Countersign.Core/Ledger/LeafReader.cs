using System.Buffers.Text;
using System.Text;
using Countersign.Core.Actions;

namespace Countersign.Core.Ledger;

/// <summary>
/// Reads the one layout a leaf can have, member by member in canonical order. Each value has one spelling here (fixed
/// digits, no leading zeros, no escapes), so what is read spells the same bytes again; audits read millions of leaves.
/// </summary>
internal ref struct LeafReader
{
    private const int LongestType = 32;

    private ReadOnlySpan<byte> _rest;

    private LeafReader(ReadOnlySpan<byte> bytes) => _rest = bytes;

    public static Leaf Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new LeafReader(bytes);
        var action = reader.Member("{\"action\":"u8);
        var at = reader.Text(",\"at\":"u8);
        var payload = reader.Text(",\"payload\":"u8);
        var previous = reader.Member(",\"prev\":"u8);
        var revision = reader.Member(",\"revision\":"u8);
        var type = reader.Text(",\"type\":"u8);
        reader.Expect(",\"v\":1}"u8);
        if (reader._rest.Length > 0)
        {
            throw Damaged("something follows it");
        }

        var subject = ReadSubject(action, revision);
        return new Leaf(ReadType(type), ReadTime(at), subject, ReadPayload(payload), ReadIndex(previous));
    }

    private static EntryType ReadType(ReadOnlySpan<byte> text)
    {
        Span<char> shown = stackalloc char[LongestType];
        return text.Length <= shown.Length
            && EntryTypes.TryParse(shown[..Encoding.Latin1.GetChars(text, shown)], out var type)
                ? type
                : throw Damaged($"'{Show(text)}' is no entry type");
    }

    /// <summary>2026-11-21T12:56:02.079Z, each digit in its place.</summary>
    private static DateTimeOffset ReadTime(ReadOnlySpan<byte> text)
    {
        const int length = 24;
        if (text.Length == length && text[4] == '-' && text[7] == '-' && text[10] == 'T' && text[13] == ':'
            && text[16] == ':' && text[19] == '.' && text[23] == 'Z'
            && Digits(text[..4]) is > 0 and var year && Digits(text[5..7]) is >= 1 and <= 12 and var month
            && Digits(text[8..10]) is >= 1 and var day && day <= DateTime.DaysInMonth(year, month)
            && Digits(text[11..13]) is >= 0 and < 24 and var hour
            && Digits(text[14..16]) is >= 0 and < 60 and var minute
            && Digits(text[17..19]) is >= 0 and < 60 and var second
            && Digits(text[20..23]) is >= 0 and var milliseconds)
        {
            return new DateTimeOffset(year, month, day, hour, minute, second, milliseconds, TimeSpan.Zero);
        }

        throw Damaged($"'{Show(text)}' is no UTC time with milliseconds");
    }

    private static ActionRevision? ReadSubject(ReadOnlySpan<byte> action, ReadOnlySpan<byte> revision)
    {
        if (action.SequenceEqual("null"u8) && revision.SequenceEqual("0"u8))
        {
            return null;
        }

        return action is [(byte)'"', .. var text, (byte)'"'] && ActionId.TryParse(Show(text), out var id)
            && ReadNumber(revision) is > 0 and <= int.MaxValue and var number
            ? new ActionRevision(id, (int)number)
            : throw Damaged($"action {Show(action)} with revision {Show(revision)} is no action, nor none");
    }

    private static Hash32 ReadPayload(ReadOnlySpan<byte> text)
    {
        var prefix = "sha256:"u8;
        if (!text.StartsWith(prefix))
        {
            throw Damaged($"'{Show(text)}' is no SHA-256 value");
        }

        return Hash32.ParseHex(text[prefix.Length..]);
    }

    private static long? ReadIndex(ReadOnlySpan<byte> text) => text.SequenceEqual("null"u8)
        ? null
        : ReadNumber(text) ?? throw Damaged($"'{Show(text)}' is no entry index");

    /// <summary>A decimal number without leading zeros.</summary>
    private static long? ReadNumber(ReadOnlySpan<byte> text) =>
        (text.Length == 1 || text is [not (byte)'0', ..])
        && !text.ContainsAnyExceptInRange((byte)'0', (byte)'9')
        && Utf8Parser.TryParse(text, out long number, out var read) && read == text.Length
            ? number
            : null;

    /// <summary>The number of some digits; negative when something else is among them.</summary>
    private static int Digits(ReadOnlySpan<byte> text)
    {
        var number = 0;
        foreach (var digit in text)
        {
            if (!char.IsAsciiDigit((char)digit))
            {
                return -1;
            }

            number = (number * 10) + (digit - '0');
        }

        return number;
    }

    private static string Show(ReadOnlySpan<byte> text) => Encoding.Latin1.GetString(text);

    private static FormatException Damaged(string reason) =>
        new($"The leaf cannot be read: {reason}. It was changed, or written by a newer version; verify the log.");

    private ReadOnlySpan<byte> Text(ReadOnlySpan<byte> name) =>
        Member(name) is [(byte)'"', .. var text, (byte)'"'] ? text : throw Damaged($"{Show(name)} has no text");

    // No value of a leaf contains a comma, so a value ends at the next one.
    private ReadOnlySpan<byte> Member(ReadOnlySpan<byte> name)
    {
        Expect(name);
        var end = _rest.IndexOf((byte)',');
        if (end < 0)
        {
            throw Damaged("it is cut off");
        }

        var value = _rest[..end];
        _rest = _rest[end..];
        return value;
    }

    private void Expect(ReadOnlySpan<byte> literal)
    {
        if (!_rest.StartsWith(literal))
        {
            throw Damaged($"{Show(literal)} is missing");
        }

        _rest = _rest[literal.Length..];
    }
}
