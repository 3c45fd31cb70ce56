namespace Countersign.Core.Ledger;

/// <summary>
/// Whom an audit believes: the keys it was given, and those that successions in the log tie to them. Each is believed
/// for the sizes in which it was the log's: an old key that was stolen after the log had changed it vouches for
/// nothing that came later.
/// </summary>
internal sealed class TrustedKeys
{
    private readonly IReadOnlyList<NoteVerifierKey> _given;
    private readonly List<(NoteVerifierKey Key, long First, long Last)> _terms = [];

    /// <param name="given">The keys that whoever audits trusts.</param>
    /// <param name="successions">Those of the log, oldest first; each is checked already to fit the log.</param>
    /// <param name="hasten">Exchanges how a key verifies, for whoever checks thousands of notes.</param>
    public TrustedKeys(
        IReadOnlyList<NoteVerifierKey> given,
        IReadOnlyList<KeySuccession> successions,
        Func<NoteVerifierKey, NoteVerifierKey> hasten)
    {
        _given = given;
        var known = given.Select(key => key.ToString()).ToHashSet(StringComparer.Ordinal);
        // Trust runs along the chain in both directions, from whichever link is held.
        foreach (var succession in successions.Concat(successions.Reverse()))
        {
            if (known.Contains(succession.Before.ToString()) || known.Contains(succession.After.ToString()))
            {
                known.Add(succession.Before.ToString());
                known.Add(succession.After.ToString());
            }
        }

        var keys = given.Concat(successions.SelectMany(s => (NoteVerifierKey[])[s.Before, s.After]))
            .Where(key => known.Contains(key.ToString()))
            .DistinctBy(key => key.ToString());
        _terms.AddRange(keys.Select(key => (
            hasten(key),
            successions.FirstOrDefault(s => s.After.ToString() == key.ToString())?.From.Size ?? 0,
            successions.FirstOrDefault(s => s.Before.ToString() == key.ToString())?.From.Size ?? long.MaxValue)));
    }

    public bool Any => _given.Count > 0;

    /// <summary>
    /// Who vouches for a checkpoint of a size. A key whose term is over may sign along, as it does in the overlap of a
    /// rotation, but one whose term it is must have signed.
    /// </summary>
    public NoteCheck Check(SignedNote note, long size)
    {
        var check = note.Verify([.. _terms.Select(term => term.Key)]);
        return check is NoteCheck.Trusted trusted && !trusted.Signers.Any(key => IsInTerm(key, size))
            ? new NoteCheck.Unknown()
            : check;
    }

    private bool IsInTerm(NoteVerifierKey key, long size) => _terms.Exists(term =>
        term.Key == key && size > (term.First == 0 ? -1 : term.First) && size <= term.Last);
}
