using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>
/// Writes one change into a batch. All conditions are asked before the first write: nobody else writes inside the
/// transaction, so they still hold afterwards, and a change that does not fit leaves no trace in the batch.
/// </summary>
internal static class ChangeWriter
{
    /// <summary>Writes the change, or says why not.</summary>
    public static Written Write(SealedChange change, SqliteBatch batch)
    {
        if (FindConflict(change.Change, batch) is { } reason)
        {
            return new Written(reason, []);
        }

        // The row comes first, because votes and messages refer to it; the indexes of its entries are known already.
        var firstIndex = batch.NextIndex;
        if (change.Change.Action is { } write)
        {
            WriteAction(Numbered(write), write.ExpectedVersion, PointersOf(change, write.Row.Id, firstIndex), batch);
        }

        ImmutableArray<long> indexes = [.. change.Entries.Select(batch.Append)];
        StopTable.Write(change, indexes, batch);
        WindowTable.Write(change, indexes, batch);
        PasskeyTable.Write(change, indexes, batch);
        AccountTable.Write(change, indexes, batch);
        WriteVotes(change, firstIndex, batch);
        WriteOutbox(change.Change, firstIndex, batch);
        WriteDefinitions(change, batch);
        WritePolicy(change, indexes, batch);
        RosterTable.Write(change, indexes, batch);
        SuccessionTable.Write(change, indexes, batch);
        NoteLastEntries(change, indexes, batch);
        return new Written(null, indexes);
    }

    /// <summary>The row under its new version: the store counts versions, whatever the caller wrote there.</summary>
    public static ActionRow Numbered(ActionWrite write) => write.Row with { Version = write.ExpectedVersion + 1 };

    private static ConflictReason? FindConflict(Change change, SqliteBatch batch)
    {
        if (change.OnlyUnderPolicy is { } policy && batch.Policy?.Hash != policy)
        {
            return ConflictReason.StalePolicy;
        }

        if ((StopTable.FindConflict(change, batch.Session)
            ?? WindowTable.FindConflict(change, batch.Session)
            ?? PasskeyTable.FindConflict(change, batch.Session)
            ?? AccountTable.FindConflict(change, batch.Session)
            ?? RosterTable.FindConflict(change, batch.Session)
            ?? FavourTable.FindConflict(change, batch)) is { } reason)
        {
            return reason;
        }

        if (batch.At >= change.NotAfter)
        {
            return ConflictReason.TooLate;
        }

        return change.Withdrawn.Prepend(change.Action)
            .Select(write => write is null ? null : FindConflict(write, batch.Session))
            .FirstOrDefault(reason => reason is not null);
    }

    private static ConflictReason? FindConflict(ActionWrite write, SqliteSession session)
    {
        var (row, isInsert) = (write.Row, write.ExpectedVersion == 0);
        var version = (long?)session.Scalar("SELECT version FROM action WHERE id = ?1", row.Id.Value) ?? 0;
        if (version != write.ExpectedVersion)
        {
            return ConflictReason.VersionMoved;
        }

        if ((isInsert || ActionColumns.HoldsKey(row)) && session.Scalar(
            "SELECT 1 FROM action WHERE attach_key = ?1 AND holds_key = 1 AND id <> ?2",
            row.Key.Value,
            row.Id.Value) is not null)
        {
            return ConflictReason.AlreadyOpen;
        }

        return row.IdempotencyHash is not null && session.Scalar(
            "SELECT 1 FROM action WHERE idempotency_hash = ?1 AND id <> ?2",
            row.IdempotencyHash,
            row.Id.Value) is not null
            ? ConflictReason.IdempotencyKeyUsed
            : null;
    }

    public static void WriteAction(ActionRow row, long expectedVersion, EntryPointers entries, SqliteBatch batch)
    {
        var values = ActionColumns.Values(row, entries);
        var rows = batch.Session.Execute(expectedVersion == 0 ? ActionColumns.Insert : ActionColumns.Update, values);
        if (rows != 1)
        {
            throw new InvalidOperationException(
                $"Writing version {row.Version} of {row.Id} changed {rows} rows instead of 1.");
        }

        if (row.Grant is { } grant)
        {
            batch.Session.Execute(
                """
                INSERT INTO action_grant (action, uses_left, expires_at) VALUES (?1, ?2, ?3)
                ON CONFLICT (action) DO UPDATE SET uses_left = ?2, expires_at = ?3
                """,
                row.Id.Value,
                grant.UsesLeft,
                grant.ExpiresAt.UtcTicks);
        }
        else if (expectedVersion > 0)
        {
            batch.Session.Execute("DELETE FROM action_grant WHERE action = ?1", row.Id.Value);
        }
    }

    private static EntryPointers PointersOf(SealedChange change, ActionId action, long firstIndex)
    {
        var pointers = default(EntryPointers);
        for (var i = 0; i < change.Entries.Length; i++)
        {
            if (change.Entries[i].Subject?.Action == action)
            {
                pointers = Point(pointers, change.Entries[i].Type, firstIndex + i);
            }
        }

        return pointers;
    }

    private static EntryPointers Point(EntryPointers pointers, EntryType type, long index) => type switch
    {
        EntryType.ActionRequested or EntryType.ActionRefused or EntryType.ActionExecuted or EntryType.ReviewModified =>
            pointers with { Request = index, Last = index },
        EntryType.ExecutionIntent => pointers with { Intent = index, Last = index },
        EntryType.ExecutionOutcome => pointers with { Outcome = index, Last = index },
        EntryType.ReviewDecided or EntryType.ReviewExpired or EntryType.ActionWithdrawn =>
            pointers with { Ending = index, Last = index },
        _ => pointers with { Last = index },
    };

    /// <summary>The n-th vote belongs to the n-th entry that records a vote of its kind.</summary>
    private static void WriteVotes(SealedChange change, long firstIndex, SqliteBatch batch)
    {
        var taken = new HashSet<int>();
        foreach (var vote in change.Change.Votes)
        {
            var type = vote.Kind switch
            {
                VoteKind.Modify => EntryType.ReviewModified,
                VoteKind.DryRun => EntryType.ReviewOpened,
                VoteKind.BreakGlass => EntryType.BreakGlassUsed,
                _ => EntryType.ReviewVote,
            };
            var position = Enumerable.Range(0, change.Entries.Length)
                .Where(i => change.Entries[i].Type == type && !taken.Contains(i))
                .Select(i => (int?)i)
                .FirstOrDefault();
            taken.Add(position ?? -1);
            batch.Session.Execute(
                """
                INSERT INTO vote (action, revision, person, kind, assurance, at, entry)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                """,
                vote.Action.Value,
                vote.Revision,
                batch.PseudonymOf(vote.Person).Value,
                ActionColumns.Spell(vote.Kind),
                ActionColumns.Spell(vote.Assurance),
                vote.At.UtcTicks,
                firstIndex + position);
            FavourTable.Write(vote, batch);
        }
    }

    private static void WriteOutbox(Change change, long firstIndex, SqliteBatch batch)
    {
        foreach (var draft in change.Outbox)
        {
            batch.Session.Execute(
                """
                INSERT INTO outbox (channel, action, revision, kind, attempts, not_before, entry)
                VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6)
                """,
                draft.Channel,
                draft.Action?.Value,
                draft.Revision,
                draft.Kind,
                batch.At.UtcTicks,
                draft.Action is null ? firstIndex : null);
        }
    }

    private static void WriteDefinitions(SealedChange change, SqliteBatch batch)
    {
        foreach (var (row, definition) in change.Definitions)
        {
            batch.Session.Execute(
                """
                INSERT INTO definition (target, name, fingerprint, definition) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT (target, name) DO UPDATE SET fingerprint = ?3, definition = ?4
                """,
                row.Target.Value,
                row.Name,
                row.Fingerprint,
                definition);
        }
    }

    private static void WritePolicy(SealedChange change, ImmutableArray<long> indexes, SqliteBatch batch)
    {
        if (change.Change.NewPolicy is not { } hash)
        {
            return;
        }

        var entry = change.Entries
            .Zip(indexes, (sealedEntry, index) => (sealedEntry.Type, Index: (long?)index))
            .FirstOrDefault(written => written.Type == EntryType.PolicyChanged)
            .Index;
        batch.Policy = new PolicyInForce(hash, (batch.Policy?.Epoch ?? 0) + 1, entry);
        batch.Session.Execute(
            "INSERT INTO policy (epoch, hash, at, entry) VALUES (?1, ?2, ?3, ?4)",
            batch.Policy.Epoch,
            hash.Value,
            batch.At.UtcTicks,
            entry);
    }

    /// <summary>
    /// Entries may concern actions whose row this change does not write; their latest entry moves on all the same.
    /// </summary>
    private static void NoteLastEntries(SealedChange change, ImmutableArray<long> indexes, SqliteBatch batch)
    {
        for (var i = 0; i < indexes.Length; i++)
        {
            if (change.Entries[i].Subject is { Action: var action } && action != change.Change.Action?.Row.Id)
            {
                batch.Session.Execute("UPDATE action SET last_entry = ?2 WHERE id = ?1", action.Value, indexes[i]);
            }
        }
    }
}

/// <summary>What became of a change inside its batch.</summary>
internal readonly record struct Written(ConflictReason? Conflict, ImmutableArray<long> Indexes);
