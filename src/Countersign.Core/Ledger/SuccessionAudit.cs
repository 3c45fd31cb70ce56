namespace Countersign.Core.Ledger;

/// <summary>
/// The changes of keys that a log claims: each has to name the tree as it was then, and to be an entry of it.
/// </summary>
internal sealed class SuccessionAudit
{
    private readonly List<KeySuccession> _all;
    private int _compared;
    private int _met;

    private SuccessionAudit(List<KeySuccession> all) => _all = all;

    public static SuccessionAudit None => new([]);

    public IReadOnlyList<KeySuccession> All => _all;

    /// <summary>The size at which the tree is compared next.</summary>
    public long? Next => _compared < _all.Count ? _all[_compared].From.Size : null;

    public static SuccessionAudit Read(IReadOnlyList<string> notes, AuditFaults faults)
    {
        var all = new List<KeySuccession>();
        foreach (var text in notes)
        {
            try
            {
                var succession = KeySuccession.Parse(text);
                if (all is [.., var last]
                    && (last.After.ToString() != succession.Before.ToString()
                        || last.From.Size >= succession.From.Size))
                {
                    faults.Add($"The key succession at size {succession.From.Size} does not follow the one before it.");
                }

                all.Add(succession);
            }
            catch (FormatException malformed)
            {
                faults.Add($"A key succession cannot be believed: {malformed.Message}");
            }
        }

        return new SuccessionAudit(all);
    }

    public void Check(CompactRange tree, AuditFaults faults)
    {
        if (Next == tree.Size)
        {
            if (_all[_compared].From.Root != tree.Root)
            {
                faults.Add($"The key succession at size {tree.Size} is about another history than this one.");
            }

            _compared++;
        }
    }

    /// <summary>An entry says that the key changed: here, and nowhere else.</summary>
    public void Meet(long index, EntryType type, AuditFaults faults)
    {
        if (type != EntryType.KeyRotated)
        {
            return;
        }

        if (_met < _all.Count && _all[_met].From.Size == index)
        {
            _met++;
            return;
        }

        faults.Add($"Entry {index} says that the key was rotated, and no key succession is kept for it.");
    }

    public void Finish(long size, AuditFaults faults)
    {
        foreach (var beyond in _all.Skip(_met))
        {
            faults.Add($"The key succession at size {beyond.From.Size} is no entry of this log of {size} entries.");
        }
    }
}
