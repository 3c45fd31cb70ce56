using Countersign.Core.Ledger;

namespace Countersign.Server.Storage.Sqlite.Audit;

/// <summary>Compares the votes of one action with the entries that record them, one with one.</summary>
internal sealed class VotesComparison(
    ActionTrail trail, List<VoteFacts> votes, PersonsAudit persons, Findings findings)
{
    private const string DryRun = "dryrun";
    private const string BreakGlass = "breakglass";

    public void Run()
    {
        var recorded = trail.Entries.Where(MayBeVote).ToDictionary(entry => entry.Index);
        var taken = new HashSet<long>();
        foreach (var vote in votes)
        {
            if (vote.Entry is { } index && recorded.TryGetValue(index, out var entry) && taken.Add(index))
            {
                Compare(vote, entry);
            }
            else
            {
                findings.Add($"A vote on {vote.Action} names entry {Spell(vote.Entry)}, which records no vote on it.");
            }
        }

        foreach (var entry in recorded.Values.Where(entry => !taken.Contains(entry.Index) && MustHaveRow(entry)))
        {
            findings.Add($"Entry {entry.Index} records a vote, and there is no row of it.");
        }
    }

    private static bool MayBeVote(KnownEntry entry) =>
        entry.Leaf.Type is EntryType.ReviewVote or EntryType.ReviewModified or EntryType.ReviewOpened
            or EntryType.BreakGlassUsed;

    /// <summary>
    /// A refused attempt is no vote, and a card without a dry run is none either; only payloads tell.
    /// </summary>
    private static bool MustHaveRow(KnownEntry entry) => entry.Leaf.Type switch
    {
        EntryType.ReviewModified or EntryType.BreakGlassUsed => true,
        EntryType.ReviewVote => entry.Payload is not null && !entry.Has("refused"),
        _ => entry.Payload is { } payload && payload.TryGetProperty("dry_run", out var run)
            && !run.TryGetProperty("state", out var _),
    };

    private void Compare(VoteFacts vote, KnownEntry entry)
    {
        var where = $"The vote of entry {entry.Index}";
        var kind = entry.Leaf.Type switch
        {
            EntryType.ReviewModified => "modify",
            EntryType.ReviewOpened => DryRun,
            EntryType.BreakGlassUsed => BreakGlass,
            _ => entry.Text("decision") ?? (vote.Kind is "approve" or "deny" ? vote.Kind : "approve or deny"),
        };
        findings.Expect(vote.Kind == kind, $"{where} is kept as '{vote.Kind}', and the entry says '{kind}'.");
        var revision = entry.Leaf.Subject!.Value.Number;
        var isOfBefore = entry.Leaf.Type == EntryType.ReviewModified && vote.Revision == revision - 1;
        findings.Expect(
            vote.Revision == revision || isOfBefore,
            $"{where} is kept for revision {vote.Revision}, and the entry is about {revision}.");
        findings.Expect(
            vote.At <= entry.Ticks && vote.At >= entry.Ticks - TimeSpan.FromMinutes(5).Ticks,
            $"{where} is kept with another time than its entry's.");
        if (entry.Leaf.Type is EntryType.ReviewVote or EntryType.BreakGlassUsed
            && entry.Text("assurance") is { } assurance)
        {
            findings.Expect(
                vote.Assurance == assurance,
                $"{where} is kept with assurance '{vote.Assurance}', and the entry says '{assurance}'.");
        }

        persons.Expect(vote.Person, PersonOf(entry), where, findings);
    }

    private static string? PersonOf(KnownEntry entry) => entry.Leaf.Type switch
    {
        EntryType.ReviewVote or EntryType.BreakGlassUsed => entry.Text("person"),
        EntryType.ReviewModified when entry.Payload is { } payload
            && payload.TryGetProperty("changes", out var changes) && changes.GetArrayLength() > 0 =>
            changes[changes.GetArrayLength() - 1].GetProperty("person").GetString(),
        EntryType.ReviewOpened when entry.Payload is { } payload
            && payload.TryGetProperty("dry_run", out var run) && run.TryGetProperty("person", out var person) =>
            person.GetString(),
        _ => null,
    };

    private static string Spell(long? entry) =>
        entry?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none";
}
