using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;

namespace Countersign.Core.Receipts;

/// <summary>
/// Entries about no action that a receipt needs: enrolments of the passkeys that signed, what revoked them, and the
/// stop that ended the action. One that is needed for nothing has no place in a receipt.
/// </summary>
internal sealed class SupportingEntries(Findings findings, ActionId action, ImmutableArray<SaidEntry> entries)
{
    private readonly HashSet<long> _used = [];

    public SaidEntry? FindEnrolment(long index)
    {
        _used.Add(index);
        return entries.FirstOrDefault(entry =>
            entry.Index == index && entry.Type == EntryType.CredentialEnrolled);
    }

    /// <summary>What revoked the credential that an entry enrolled, as far as the receipt says.</summary>
    public SaidEntry? FindRevocation(long enrolled)
    {
        var found = entries.FirstOrDefault(entry => entry.Type == EntryType.CredentialRevoked
            && entry.Said.GetProperty("enrolled").GetInt64() == enrolled);
        if (found is not null)
        {
            _used.Add(found.Index);
        }

        return found;
    }

    /// <summary>Whether a stop ended this action.</summary>
    public bool Ends(SaidEntry stop)
    {
        var ends = stop.Said.GetProperty("withdrawn").EnumerateArray().Any(id => id.GetString() == action.Value);
        if (ends)
        {
            _used.Add(stop.Index);
        }

        return ends;
    }

    public void CheckNoneIsStray()
    {
        foreach (var entry in entries.Where(entry => entry.Leaf.Subject?.Action != action))
        {
            if (!_used.Contains(entry.Index))
            {
                findings.Question(
                    Doubt.StrayEntry,
                    $"Entry {entry.Index} ({entry.Type.ToText()}) is not about this action, and nothing refers to it.");
            }
        }
    }
}
