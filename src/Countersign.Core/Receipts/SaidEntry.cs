using System.Text.Json;
using Countersign.Core.Ledger;

namespace Countersign.Core.Receipts;

/// <summary>An entry whose payload was found to be what the log holds, and read.</summary>
internal sealed record SaidEntry(ReceiptEntry Entry, JsonElement Said)
{
    public long Index => Entry.Index;

    public Leaf Leaf => Entry.Leaf;

    public EntryType Type => Entry.Leaf.Type;

    public DateTimeOffset At => Entry.Leaf.At;

    public string Text(string name) => Said.GetProperty(name).GetString()
        ?? throw new FormatException($"'{name}' of entry {Index} says nothing.");

    public IEnumerable<string> Texts(string name) =>
        Said.GetProperty(name).EnumerateArray().Select(each => each.GetString() ?? "");

    public DateTimeOffset Time(string name) => Said.GetProperty(name).GetDateTimeOffset();

    public string? OptionalText(string name) =>
        Said.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.GetString() : null;
}
