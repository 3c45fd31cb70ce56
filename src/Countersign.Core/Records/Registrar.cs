using System.Collections.Immutable;
using System.Diagnostics;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Core.Tracing;

namespace Countersign.Core.Records;

/// <summary>
/// Keeps the register of actions: reads a record, lets the lifecycle decide about one event, and commits the transition
/// with its entries under the version it read. Whoever loses a race reads again; nobody waits for a lock.
/// </summary>
internal sealed class Registrar(IStore store, FillRandom random, ImmutableArray<string> channels)
{
    /// <summary>How often one event may lose the race for a record before the caller is told to come back.</summary>
    private const int MaxConflicts = 32;

    private const int RandomBytesPerId = 10;

    public ActionId NextId()
    {
        Span<byte> bytes = stackalloc byte[RandomBytesPerId];
        random(bytes);
        return ActionId.Create(store.Now, bytes);
    }

    public async Task<ActionRecord?> FindAsync(ActionId id, CancellationToken cancellationToken) =>
        await store.FindAsync(id, cancellationToken) is { } stored ? RecordCodec.FromStored(stored) : null;

    /// <summary>The action that a principal gave an idempotency key to.</summary>
    public async Task<ActionRecord?> FindAsync(
        Asker asker, string idempotencyKey, CancellationToken cancellationToken)
    {
        var hash = AttachKey.HashIdempotencyKey(asker, idempotencyKey);
        return await store.FindByIdempotencyAsync(hash, cancellationToken) is { } stored
            ? RecordCodec.FromStored(stored)
            : null;
    }

    /// <summary>Writes a record that does not exist yet.</summary>
    public async Task<Registered> OpenAsync(
        ActionRecord record,
        ImmutableArray<EntryType> entries,
        Happening happening,
        CancellationToken cancellationToken)
    {
        var change = ChangeFor(record, entries, happening);
        return Outcome(record, await store.CommitAsync(change, cancellationToken));
    }

    /// <summary>
    /// Applies one event to an action; <paramref name="describe"/> sees the record as it is at that moment.
    /// </summary>
    public async Task<Registered> ApplyAsync(
        ActionId id, Func<ActionRecord, Happening> describe, CancellationToken cancellationToken) =>
        await FindAsync(id, cancellationToken) is { } record
            ? await ApplyAsync(record, describe, cancellationToken)
            : new Registered.Missing();

    /// <summary>The same for a record that was just read: it is read again only when it has changed since.</summary>
    public async Task<Registered> ApplyAsync(
        ActionRecord known, Func<ActionRecord, Happening> describe, CancellationToken cancellationToken)
    {
        var record = known;
        for (var attempt = 0; attempt < MaxConflicts; attempt++)
        {
            var registered = await TryApplyAsync(record, describe(record), cancellationToken);
            if (registered is not Registered.Blocked { Reason: ConflictReason.VersionMoved })
            {
                return registered;
            }

            if (await FindAsync(known.Id, cancellationToken) is not { } current)
            {
                return new Registered.Missing();
            }

            record = current;
        }

        throw new StoreUnavailableException(
            $"Action {known.Id} changed {MaxConflicts} times while one change to it was tried; try again.");
    }

    /// <summary>Lets a deadline pass that no timer has noticed yet; the record as it stands then.</summary>
    public async Task<ActionRecord> PassDueDeadlineAsync(ActionRecord record, CancellationToken cancellationToken)
    {
        if (record.Life.NextDeadline is not { } deadline || store.Now < deadline)
        {
            return record;
        }

        return await ApplyAsync(record, Unasked.TimePassed(store.Now), cancellationToken) switch
        {
            Registered.Done done => done.Record,
            Registered.Refused refused => refused.Record,
            _ => record,
        };
    }

    /// <summary>Leaves the approval of an open review to a node, because no live call waits for it any more.</summary>
    public Task<Registered> DetachAsync(ActionRecord held, CancellationToken cancellationToken)
    {
        var passing = Unasked.TimePassed(store.Now);
        return ApplyAsync(held, record => passing(record) with { Detaches = true }, cancellationToken);
    }

    /// <summary>
    /// The change that one event would make, for a commit that makes several; <c>null</c> when it leads nowhere.
    /// </summary>
    public Change? Describe(ActionRecord record, Happening happening) =>
        Lifecycle.Next(record.Life, happening.Event) is Step.To step
            ? ChangeFor(After(record, step.Life, happening), step.Entries, happening)
            : null;

    private async Task<Registered> TryApplyAsync(
        ActionRecord record, Happening happening, CancellationToken cancellationToken)
    {
        switch (Lifecycle.Next(record.Life, happening.Event))
        {
            case Step.Refused refused:
                return new Registered.Refused(refused.Why, record);
            case Step.To step:
                var next = After(record, step.Life, happening);
                var change = ChangeFor(next, step.Entries, happening);
                var outcome = Outcome(next, await store.CommitAsync(change, cancellationToken));
                if (outcome is Registered.Done)
                {
                    Spans.EndReview(record, next, store.Now);
                }

                return outcome;
            default:
                throw new UnreachableException();
        }
    }

    private static Registered Outcome(ActionRecord next, CommitResult result) => result switch
    {
        CommitResult.Committed done => new Registered.Done(Confirm(next, done)),
        CommitResult.Conflict conflict => new Registered.Blocked(conflict.Reason),
        _ => throw new UnreachableException(),
    };

    private static ActionRecord After(ActionRecord record, Life life, Happening happening) =>
        happening.Revise(record) with
    {
        Life = life,
        Detached = record.Detached || happening.Detaches,
        // The request starts again under the same key, so a superseded one gives the key back.
        IdempotencyHash = life.State == ActionState.Superseded ? null : record.IdempotencyHash,
        Ending = happening.Ending ?? record.Ending,
        Outcome = happening.Outcome ?? record.Outcome,
        Rehearsals = happening.Rehearsal is { } rehearsal ? record.Rehearsals.Add(rehearsal) : record.Rehearsals,
        // Evidence is about one execution, and gone with it.
        Evidence = life.Execution is not { } execution ? null
            : execution == record.Life.Execution ? happening.Evidence ?? record.Evidence
            : happening.Evidence,
    };

    private static ActionRecord Confirm(ActionRecord record, CommitResult.Committed done) => record with
    {
        Version = record.Version + 1,
        Ledger = done.Indexes.IsEmpty ? record.Ledger : new LedgerPosition(done.Indexes[^1], done.TreeSize, done.At),
    };

    private Change ChangeFor(ActionRecord next, ImmutableArray<EntryType> entries, Happening happening) => new()
    {
        Action = new ActionWrite(RecordCodec.ToRow(next), ExpectedVersion: next.Version),
        Votes = happening.Votes,
        Entries = [.. entries.Select(type =>
            new EntryDraft(type, next.Id, next.Life.Revision, happening.Payload(type, next)))],
        // A stage that escalates has no entry, and those it asks from now on have to hear of it all the same.
        Outbox = !next.WasHeld || (entries.IsEmpty && happening.Event is not LifeEvent.TimePassed)
            ? []
            :
            [
                .. channels.Select(channel => new OutboxDraft(channel, next.Id, next.Life.Revision, "review")),
                .. happening.IsAlarming
                    ? channels.Select(channel => new OutboxDraft(channel, Action: null, Revision: 0, "notice"))
                    : [],
            ],
        NotAfter = happening.NotAfter,
        OnlyUnderPolicy = happening.OnlyUnderPolicy,
        OnlyIfActive = happening.OnlyIfActive,
        OnlyWithoutFavour = happening.OnlyWithoutFavour,
        Passkey = happening.Passkey,
        Priority = happening.Priority,
    };
}
