using System.Globalization;
using System.Text;
using Countersign.Core.Actions;

namespace Countersign.Core.Ledger;

/// <summary>Reads the one layout a leaf can have, member by member in canonical order.</summary>
internal ref struct LeafReader
{
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

    private static EntryType ReadType(string text) =>
        EntryTypes.TryParse(text, out var type) ? type : throw Damaged($"'{text}' is no entry type");

    private static DateTimeOffset ReadTime(string text) =>
        DateTimeOffset.TryParseExact(
            text, Leaf.TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? at
            : throw Damaged($"'{text}' is no UTC time with milliseconds");

    private static ActionRevision? ReadSubject(string action, string revision)
    {
        if (action == "null" && revision == "0")
        {
            return null;
        }

        return action is ['"', .. var text, '"'] && ActionId.TryParse(text, out var id)
            && ReadNumber(revision) is > 0 and <= int.MaxValue and var number
            ? new ActionRevision(id, (int)number)
            : throw Damaged($"action {action} with revision {revision} is no action, nor none");
    }

    private static Hash32 ReadPayload(string text) => text.StartsWith(Leaf.PayloadPrefix, StringComparison.Ordinal)
        ? Hash32.ParseHex(text[Leaf.PayloadPrefix.Length..])
        : throw Damaged($"'{text}' is no SHA-256 value");

    private static long? ReadIndex(string text) => text == "null"
        ? null
        : ReadNumber(text) ?? throw Damaged($"'{text}' is no entry index");

    private static long? ReadNumber(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static FormatException Damaged(string reason) =>
        new($"The leaf cannot be read: {reason}. It was changed, or written by a newer version; verify the log.");

    private string Text(ReadOnlySpan<byte> name) =>
        Member(name) is ['"', .. var text, '"'] ? text : throw Damaged($"{Encoding.UTF8.GetString(name)} has no text");

    // No value of a leaf contains a comma, so a value ends at the next one.
    private string Member(ReadOnlySpan<byte> name)
    {
        Expect(name);
        var end = _rest.IndexOf((byte)',');
        if (end < 0)
        {
            throw Damaged("it is cut off");
        }

        var value = Encoding.Latin1.GetString(_rest[..end]);
        _rest = _rest[end..];
        return value;
    }

    private void Expect(ReadOnlySpan<byte> literal)
    {
        if (!_rest.StartsWith(literal))
        {
            throw Damaged($"{Encoding.UTF8.GetString(literal)} is missing");
        }

        _rest = _rest[literal.Length..];
    }
}
