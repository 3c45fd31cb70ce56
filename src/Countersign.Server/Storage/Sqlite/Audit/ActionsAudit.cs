using System.Globalization;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;

namespace Countersign.Server.Storage.Sqlite.Audit;

/// <summary>
/// Compares actions, their grants and their votes with the entries about them. Entries, rows and votes are read side by
/// side in the order of the actions, so that a store of any size is compared in little memory.
/// </summary>
internal sealed class ActionsAudit(
    SqliteSession session, OpenPayloads? payloads, PersonsAudit persons, Findings findings)
{
    private const string Entries = """
        SELECT position, action, leaf, ciphertext, wrapped_key
        FROM entry INDEXED BY entry_of_action LEFT JOIN payload ON payload.entry = position
        WHERE action IS NOT NULL ORDER BY action, position
        """;

    /// <summary>Ciphertexts that nothing opens are not fetched: that is half of all pages.</summary>
    private const string ClosedEntries = """
        SELECT position, action, leaf FROM entry INDEXED BY entry_of_action
        WHERE action IS NOT NULL ORDER BY action, position
        """;

    private const string Rows = """
        SELECT id, revision, state, target, gate, via, agent, digest, attach_key, holds_key, idempotency_hash, policy,
            created_at, tracks, fence, owner, owner_fence, started_at, last_outcome, request_entry, outcome_entry,
            ending_entry, last_entry, intent_entry, uses_left, expires_at
        FROM action LEFT JOIN action_grant ON action_grant.action = action.id ORDER BY id
        """;

    private const string Votes = """
        SELECT action, revision, person, kind, assurance, at, entry FROM vote INDEXED BY vote_of_action ORDER BY action
        """;

    /// <summary>How many reads entries record of each window; filled on the way.</summary>
    public required Dictionary<long, long> ReadsOfWindows { get; init; }

    public void Run(CancellationToken cancellationToken)
    {
        using var entries = new RawRows(session, payloads is null ? ClosedEntries : Entries);
        using var rows = new RawRows(session, Rows);
        using var votes = new RawRows(session, Votes);
        var stops = StopsOf();
        var (entryId, rowId) = (NextId(entries, 1), NextId(rows, 0));
        var (hasVote, cast) = (votes.Step(), new List<VoteFacts>());
        while (entryId is not null || rowId is not null)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var id = Least(entryId, rowId);
            var trail = new ActionTrail();
            while (entryId == id)
            {
                TryAdd(trail, entries);
                entryId = NextId(entries, 1);
            }

            var row = rowId == id ? ActionFacts.Read(rows) : null;
            rowId = rowId == id ? NextId(rows, 0) : rowId;
            while (hasVote && string.CompareOrdinal(RowText.Text(votes, 0), id) <= 0)
            {
                TakeVote(votes, id, cast);
                hasVote = votes.Step();
            }

            Compare(id, trail, row, cast, stops);
            cast.Clear();
        }

        for (; hasVote; hasVote = votes.Step())
        {
            TakeVote(votes, "", []);
        }
    }

    private static string? NextId(RawRows rows, int column) => rows.Step() ? RowText.Text(rows, column) : null;

    private static string Least(string? one, string? other) =>
        one is null ? other! : other is null || string.CompareOrdinal(one, other) <= 0 ? one : other;

    private void TakeVote(RawRows votes, string id, List<VoteFacts> cast)
    {
        var vote = VoteFacts.Read(votes);
        if (vote.Action == id)
        {
            cast.Add(vote);
        }
        else
        {
            findings.Add($"A vote is kept for {vote.Action}, and there is no such action.");
        }
    }

    private void TryAdd(ActionTrail trail, RawRows rows)
    {
        var index = rows.Number(0);
        try
        {
            var leaf = Leaf.Decode(rows.Bytes(2));
            var payload = payloads is null || rows.IsNull(3)
                ? null
                : payloads.Open(index, leaf, rows.Bytes(3), rows.Bytes(4));
            var entry = new KnownEntry(index, leaf, payload);
            trail.Add(entry);
            CountReads(entry);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or KeyNotFoundException
            or InvalidOperationException)
        {
            findings.Add($"Entry {index} cannot be followed: {e.Message}");
        }
    }

    private void CountReads(KnownEntry entry)
    {
        if (entry.Number("window") is { } window && entry.Payload!.Value.TryGetProperty("reads", out var reads))
        {
            ReadsOfWindows[window] = ReadsOfWindows.GetValueOrDefault(window) + reads.GetArrayLength();
        }
    }

    private void Compare(
        string id, ActionTrail trail, ActionFacts? row, List<VoteFacts> votes, Dictionary<long, KnownEntry> stops)
    {
        if (row is null)
        {
            findings.Expect(
                trail.MayLackRow,
                $"Action {id} has entries and no row; the first of them is entry {trail.Entries[0].Index}.");
            return;
        }

        if (trail.Entries.Count == 0)
        {
            findings.Add($"Action {id} has a row, and no entry tells of it.");
            return;
        }

        if (row.EndingEntry is { } ending && stops.TryGetValue(ending, out var stop))
        {
            Follow(id, trail, stop);
        }

        new ActionComparison(trail, row, findings).Run();
        new VotesComparison(trail, votes, persons, findings).Run();
    }

    /// <summary>A stop names the actions that it withdrew.</summary>
    private void Follow(string id, ActionTrail trail, KnownEntry stop)
    {
        var names = stop.Payload is { } payload && payload.TryGetProperty("withdrawn", out var withdrawn)
            ? withdrawn.EnumerateArray().Any(item => item.GetString() == id)
            : payloads is null;
        if (names && stop.Index > trail.Entries[^1].Index)
        {
            trail.StoppedBy(stop);
        }
        else
        {
            findings.Add($"Action {id} names entry {stop.Index} as its end, and that stop did not withdraw it.");
        }
    }

    private Dictionary<long, KnownEntry> StopsOf() =>
        new EntryFinder(session, payloads).OfType(EntryType.AgentStopped).ToDictionary(entry => entry.Index);
}

/// <summary>The columns of an action's row that entries account for.</summary>
internal sealed record ActionFacts
{
    public required string Id { get; init; }

    public required long Revision { get; init; }

    public required string State { get; init; }

    public required string Target { get; init; }

    public required string Gate { get; init; }

    public required string Via { get; init; }

    public required string Agent { get; init; }

    public required string Digest { get; init; }

    public required string AttachKey { get; init; }

    public required bool HoldsKey { get; init; }

    public required string? IdempotencyHash { get; init; }

    public required string Policy { get; init; }

    public required long CreatedAt { get; init; }

    public required string Tracks { get; init; }

    public required long Fence { get; init; }

    public required string? Owner { get; init; }

    public required long? OwnerFence { get; init; }

    public required long? StartedAt { get; init; }

    public required string? LastOutcome { get; init; }

    public required long? RequestEntry { get; init; }

    public required long? OutcomeEntry { get; init; }

    public required long? EndingEntry { get; init; }

    public required long? LastEntry { get; init; }

    public required long? IntentEntry { get; init; }

    public required long? UsesLeft { get; init; }

    public required long? ExpiresAt { get; init; }

    public static ActionFacts Read(RawRows rows) => new()
    {
        Id = RowText.Text(rows, 0),
        Revision = rows.Number(1),
        State = RowText.Text(rows, 2),
        Target = RowText.Text(rows, 3),
        Gate = RowText.Text(rows, 4),
        Via = RowText.Text(rows, 5),
        Agent = RowText.Text(rows, 6),
        Digest = RowText.Text(rows, 7),
        AttachKey = RowText.Text(rows, 8),
        HoldsKey = rows.Number(9) != 0,
        IdempotencyHash = RowText.TextOrNull(rows, 10),
        Policy = RowText.Text(rows, 11),
        CreatedAt = rows.Number(12),
        Tracks = RowText.Text(rows, 13),
        Fence = rows.Number(14),
        Owner = RowText.TextOrNull(rows, 15),
        OwnerFence = RowText.NumberOrNull(rows, 16),
        StartedAt = RowText.NumberOrNull(rows, 17),
        LastOutcome = RowText.TextOrNull(rows, 18),
        RequestEntry = RowText.NumberOrNull(rows, 19),
        OutcomeEntry = RowText.NumberOrNull(rows, 20),
        EndingEntry = RowText.NumberOrNull(rows, 21),
        LastEntry = RowText.NumberOrNull(rows, 22),
        IntentEntry = RowText.NumberOrNull(rows, 23),
        UsesLeft = RowText.NumberOrNull(rows, 24),
        ExpiresAt = RowText.NumberOrNull(rows, 25),
    };
}

/// <summary>One row of a vote.</summary>
internal sealed record VoteFacts(
    string Action, long Revision, string Person, string Kind, string Assurance, long At, long? Entry)
{
    public static VoteFacts Read(RawRows rows) => new(
        RowText.Text(rows, 0),
        rows.Number(1),
        RowText.Text(rows, 2),
        RowText.Text(rows, 3),
        RowText.Text(rows, 4),
        rows.Number(5),
        RowText.NumberOrNull(rows, 6));
}

/// <summary>Columns of raw rows as values.</summary>
internal static class RowText
{
    public static string Text(RawRows rows, int column) => System.Text.Encoding.UTF8.GetString(rows.Bytes(column));

    public static string? TextOrNull(RawRows rows, int column) => rows.IsNull(column) ? null : Text(rows, column);

    public static long? NumberOrNull(RawRows rows, int column) => rows.IsNull(column) ? null : rows.Number(column);
}
