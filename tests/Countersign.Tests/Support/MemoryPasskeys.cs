using System.Collections.Immutable;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Tests.Support;

/// <summary>The passkeys of a <see cref="MemoryStore"/>, whose lock guards them.</summary>
internal sealed class MemoryPasskeys
{
    private readonly Dictionary<string, PasskeyRow> _rows = new(StringComparer.Ordinal);

    public ConflictReason? WhyNot(PasskeyWrite? write)
    {
        var known = write is null ? null : _rows.GetValueOrDefault(write.Locator);
        return write switch
        {
            PasskeyWrite.Enrols when known is not null => ConflictReason.PasskeyKnown,
            PasskeyWrite.Uses uses when known?.SignCount != uses.Before => ConflictReason.PasskeyMoved,
            PasskeyWrite.Revokes when known is null => ConflictReason.PasskeyMoved,
            _ => null,
        };
    }

    public void Apply(Change change, int first, DateTimeOffset at)
    {
        switch (change.Passkey)
        {
            case PasskeyWrite.Enrols enrols:
                var index = change.Entries.ToList().FindIndex(entry => entry.Type == EntryType.CredentialEnrolled);
                _rows[enrols.Locator] = new PasskeyRow(
                    enrols.Person, first + index, at, enrols.SignCount, change.Entries[index].Payload);
                break;
            case PasskeyWrite.Uses uses:
                _rows[uses.Locator] = _rows[uses.Locator] with { SignCount = uses.SignCount };
                break;
            case PasskeyWrite.Revokes revokes:
                _rows.Remove(revokes.Locator);
                break;
        }
    }

    public ImmutableArray<PasskeyRow> List(PasskeyFilter filter) =>
    [
        .. _rows
            .Where(row => filter.Locator is null || row.Key == filter.Locator)
            .Where(row => filter.Person is not { } person || row.Value.Person == person)
            .Select(row => row.Value)
            .OrderBy(row => row.Entry),
    ];
}
