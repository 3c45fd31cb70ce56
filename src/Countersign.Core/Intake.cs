using System.Collections.Immutable;
using System.Diagnostics;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Core.Tracing;

namespace Countersign.Core;

/// <summary>
/// Steps 3 to 5 of an action's life: the verdict, the attachment to an earlier identical request, the record. In this
/// order, because an attachment to something the policy would treat more strictly today must not happen.
/// </summary>
internal sealed class Intake(
    IStore store,
    Registrar registrar,
    Callers callers,
    Suggestions suggestions,
    Func<Charter> charter,
    Limits limits,
    TimeProvider time)
{
    /// <summary>
    /// How often one intake may find that the ground shifted: a race with identical calls, a new policy.
    /// </summary>
    private const int MaxRounds = 16;

    private static readonly TimeSpan FloodWindow = TimeSpan.FromMinutes(1);

    /// <param name="asking">The request.</param>
    /// <param name="judge">Who judges it; <c>null</c> is the policy in force.</param>
    /// <param name="taker">Who takes what the policy allows, in the same commit; <c>null</c> is nobody yet.</param>
    /// <param name="cancellationToken">Stops the intake; what was committed stays.</param>
    public async Task<Admission> AdmitAsync(
        Asking asking, Judge? judge, Executions? taker, CancellationToken cancellationToken)
    {
        // What follows later hangs below the request as a whole, not below this step of it.
        var traced = Spans.Here is { } here ? asking with { Trace = here } : asking;
        using var span = Spans.Start("countersign.intake", ActivityKind.Internal);
        var admission = await JudgeAsync(traced, judge, taker, cancellationToken);
        if (span is not null && admission.About is { } record)
        {
            Spans.Tell(span, record);
            Spans.Join(span, record);
        }

        return admission;
    }

    private async Task<Admission> JudgeAsync(
        Asking asking, Judge? judge, Executions? taker, CancellationToken cancellationToken)
    {
        var preview = new PreviewOnce(asking);
        for (var round = 0; round < MaxRounds; round++)
        {
            // A stopped agent sets nothing in motion, not even a preview.
            if (await store.FindStopAsync(asking.Asker.Agent, cancellationToken) is { } stop)
            {
                return new Admission.Stopped(StopText.Of(stop));
            }

            var today = charter();
            var seen = judge is null && today.NeedsPreview(asking) ? await preview.MakeAsync(cancellationToken) : null;
            if (seen is not null && await ChangedMeanwhileAsync(asking, today, cancellationToken))
            {
                continue;
            }

            var verdict = (judge ?? today.Judge)(asking, seen);
            var admission = await FindEarlierAsync(asking, verdict, isLive: taker is not null, cancellationToken)
                ?? await PauseAsync(asking, verdict, cancellationToken)
                ?? Unrecorded(asking, verdict, seen, taker)
                ?? await OpenAsync(
                    RecordOf(asking, verdict) with
                    {
                        // People see what it would do, whether or not a rule asked. What is refused is not looked at.
                        Preview = verdict.Outcome == VerdictOutcome.Require
                            ? await preview.MakeAsync(cancellationToken)
                            : seen,
                        Nearest = await suggestions.FindAsync(asking, verdict, today, cancellationToken),
                    },
                    today.Policy,
                    taker,
                    cancellationToken);
            if (admission is not null)
            {
                return admission;
            }
        }

        throw new StoreUnavailableException(
            $"Policy or identical calls changed {MaxRounds} times during one intake; " +
            "nothing was recorded. Call again.");
    }

    /// <summary>A preview takes its time; what is allowed and recorded later meets no other check on its way.</summary>
    private async Task<bool> ChangedMeanwhileAsync(
        Asking asking, Charter then, CancellationToken cancellationToken) =>
        charter().Policy != then.Policy
        || await store.FindStopAsync(asking.Asker.Agent, cancellationToken) is not null;

    private async Task<Admission?> FindEarlierAsync(
        Asking asking, Verdict verdict, bool isLive, CancellationToken cancellationToken)
    {
        if (asking.IdempotencyKey is { } key
            && await registrar.FindAsync(asking.Asker, key, cancellationToken) is { } known)
        {
            return known.Action.Digest == asking.Action.Digest && known.Action.Target == asking.Action.Target
                ? await AttachAsync(asking, known, verdict, cancellationToken)
                : new Admission.IdempotencyConflict(known);
        }

        var earlier = (await store.FindAttachableAsync(
                asking.Key, found => asking.TakesOwnOutcomeOnly || !IsTaken(found), cancellationToken))
            .Select(RecordCodec.FromStored)
            .ToList();
        foreach (var record in Ordered(asking, earlier))
        {
            if (await AttachAsync(asking, record, verdict, cancellationToken) is { } admission)
            {
                return admission;
            }
        }

        if (isLive && !asking.TakesOwnOutcomeOnly && earlier.Find(MayBeGivenUp) is { } slow)
        {
            await callers.UntilGone(slow.Id)
                .WaitAsync(Callers.NoticeTime, time, cancellationToken)
                .ConfigureAwait(
                    ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            cancellationToken.ThrowIfCancellationRequested();
            return await FindEarlierAsync(asking, verdict, isLive: false, cancellationToken);
        }

        return null;
    }

    /// <summary>
    /// <c>null</c> means that the policy became stricter: the earlier request is superseded, and this one starts again.
    /// What was sent already cannot be superseded; its outcome is the answer, unless the caller has no use for it.
    /// </summary>
    private async Task<Admission?> AttachAsync(
        Asking asking, ActionRecord earlier, Verdict verdict, CancellationToken cancellationToken)
    {
        var record = await registrar.PassDueDeadlineAsync(earlier, cancellationToken);
        if (asking.TakesOwnOutcomeOnly && record is { Life.LastOutcome: not null } && record.State.HasEnded())
        {
            return null;
        }

        if (record.State is not (ActionState.Pending or ActionState.Approved) || !IsStricter(record, verdict))
        {
            return Admit(record);
        }

        await registrar.ApplyAsync(record.Id, Unasked.Overtaken(Unasked.PolicyStricter), cancellationToken);
        return null;
    }

    /// <summary>What people changed is another action than the one that was judged now, and judged by itself.</summary>
    private bool IsStricter(ActionRecord earlier, Verdict now) => earlier.Changes.IsEmpty
        ? now.IsStricterThan(earlier.Verdict)
        : Claims.IsStricter(earlier, charter());

    /// <summary>
    /// An open review first, then an unspent grant, then what is under way or ended without a listener.
    /// </summary>
    private IEnumerable<ActionRecord> Ordered(Asking asking, List<ActionRecord> earlier) => earlier
        .Where(record => record.State is ActionState.Pending or ActionState.Approved
            || (asking.TakesOwnOutcomeOnly ? MayStillServe(record) : IsUnclaimedOutcome(record)))
        .OrderBy(record => record.State switch
        {
            ActionState.Pending => 0,
            ActionState.Approved => 1,
            ActionState.Executing => 2,
            _ => 3,
        });

    /// <summary>
    /// A live call on this node gets the outcome, and has not waited for so long that it may have given up: of such
    /// calls beside this one there may be many.
    /// </summary>
    private bool IsTaken(AttachableAction action) =>
        action.State is not (ActionState.Pending or ActionState.Approved or ActionState.Denied)
        && !(action.StartedAt + Callers.NoticeTime <= store.Now)
        && callers.IsPresent(action.Id);

    private bool IsUnclaimedOutcome(ActionRecord record) => record.State == ActionState.Denied
        ? IsRemembered(record)
        : IsOutcome(record) && !BelongsToSession(record) && !callers.IsPresent(record.Id);

    /// <summary>
    /// Executed in a session's transaction, which may be rolled back yet: no other caller has any use for it.
    /// </summary>
    private static bool BelongsToSession(ActionRecord record) => record is { Via: GateKind.Postgres, Detached: false };

    /// <summary>A denial, or a grant that another call is using and that will have uses left.</summary>
    private bool MayStillServe(ActionRecord record) => record.State == ActionState.Denied
        ? IsRemembered(record)
        : record is { State: ActionState.Executing, Life.Grant.UsesLeft: > 0 };

    private bool IsRemembered(ActionRecord denied) => store.Now < denied.Life.DeniedUntil;

    /// <summary>
    /// Under way for long enough that its caller may have given up unnoticed. What has only just begun is a call beside
    /// this one, and waiting for it would make identical reads queue up.
    /// </summary>
    private bool MayBeGivenUp(ActionRecord record) =>
        record.Life.Execution is { } execution
        && execution.StartedAt + Callers.NoticeTime <= store.Now
        && IsOutcome(record)
        && callers.IsPresent(record.Id);

    /// <summary>
    /// What ended without having run is no outcome: whoever asks again asks anew. And without a review an outcome is
    /// worth handing over only as long as its grant would have been: a report read yesterday is not an answer to
    /// today's question.
    /// </summary>
    private bool IsOutcome(ActionRecord record) =>
        (record.State == ActionState.Executing || record.Life.LastOutcome is not null)
        && (record.WasHeld || record.Life.Grant is { } grant && store.Now < grant.ExpiresAt);

    private static Admission Admit(ActionRecord record) => record.State switch
    {
        ActionState.Pending => new Admission.Held(record),
        ActionState.Approved => new Admission.Granted(record),
        ActionState.Executing => new Admission.UnderWay(record),
        ActionState.Refused => new Admission.Refused(record),
        _ => new Admission.Ended(record),
    };

    private async Task<Admission?> PauseAsync(Asking asking, Verdict verdict, CancellationToken cancellationToken)
    {
        if (verdict.Outcome != VerdictOutcome.Require)
        {
            return null;
        }

        var load = await store.LoadOfAsync(asking.Asker.Agent, store.Now - FloodWindow, cancellationToken);
        return load switch
        {
            _ when load.Pending >= limits.PendingPerAgent => new Admission.Paused(
                $"Agent {asking.Asker.Agent} has {load.Pending} open reviews; the limit is {limits.PendingPerAgent}. " +
                "Wait for decisions, or withdraw what is not needed any more."),
            _ when load.OpenedSince >= limits.ReviewsPerAgentPerMinute => new Admission.Paused(
                $"Agent {asking.Asker.Agent} opened {load.OpenedSince} reviews within a minute; the limit is " +
                $"{limits.ReviewsPerAgentPerMinute}. Ask for fewer things, more slowly."),
            _ => null,
        };
    }

    /// <summary>
    /// What is recorded together with its outcome needs no entry before it. A key keeps its promise of one run only
    /// when it stands in the store before anything is sent, so a request with one is recorded first.
    /// </summary>
    private Admission.Unrecorded? Unrecorded(Asking asking, Verdict verdict, Preview? seen, Executions? taker)
    {
        return taker is not null
            && verdict.Outcome == VerdictOutcome.Allow
            && verdict.RecordAt(asking.Target) != RecordMode.Before
            && asking is { IdempotencyKey: null, IsDetached: false, NeedsIntent: false }
            ? new Admission.Unrecorded(RecordOf(asking, verdict) with
            {
                Preview = seen,
                Life = Lifecycle.Begin(asking.Action.Digest, verdict, store.Now).Life,
            })
            : null;
    }

    private async Task<Admission?> OpenAsync(
        ActionRecord asked, PolicyHash policy, Executions? taker, CancellationToken cancellationToken)
    {
        var begun = Lifecycle.Begin(asked.Action.Digest, asked.Verdict, store.Now);
        var opening = asked with { Life = begun.Life };
        var happening = new Happening(new LifeEvent.TimePassed(store.Now))
        {
            Payload = PayloadOfOpening,
            OnlyUnderPolicy = policy,
            OnlyIfActive = opening.Asker.Agent,
        };
        if (taker is not null && opening is { State: ActionState.Approved, Detached: false })
        {
            cancellationToken.ThrowIfCancellationRequested();
            return await OpenClaimedAsync(opening, begun, policy, taker);
        }

        var registered = await registrar.OpenAsync(opening, begun.Entries, happening, cancellationToken);
        // Not done means that an identical call was faster, that the policy changed or the agent was stopped: look
        // again.
        return registered is Registered.Done done ? Admit(done.Record) : null;
    }

    /// <summary>
    /// Records and takes an allowed action in one commit: the intent is durable before anything is sent.
    /// </summary>
    private async Task<Admission?> OpenClaimedAsync(
        ActionRecord opening, Step.To begun, PolicyHash policy, Executions taker)
    {
        var claim = taker.DescribeFirstClaim(opening);
        var claimed = (Step.To)Lifecycle.Next(opening.Life, claim.Event);
        var happening = claim with
        {
            Payload = (type, record) => type == EntryType.ExecutionIntent
                ? claim.Payload(type, record)
                : PayloadOfOpening(type, record),
            // The policy that judged, which another one may have followed since.
            OnlyUnderPolicy = policy,
        };
        // Present before anybody can see the claim: an identical call must not take it for one without a listener.
        var presence = callers.Enter(opening.Id);
        Admission.Claimed? admission = null;
        try
        {
            var registered = await taker.OpenAsync(
                opening with { Life = claimed.Life }, begun.Entries.AddRange(claimed.Entries), happening);
            admission = registered is Registered.Done done ? new Admission.Claimed(done.Record, presence) : null;
            return admission;
        }
        finally
        {
            if (admission is null)
            {
                presence.Dispose();
            }
        }
    }

    private static byte[] PayloadOfOpening(EntryType type, ActionRecord record) => type == EntryType.ReviewOpened
        ? PayloadWriter.Write(json => CardPayload.Write(json, Card.Of(record)))
        : PayloadWriter.Write(json => PayloadWriter.Request(json, record));

    private ActionRecord RecordOf(Asking asking, Verdict verdict) => new()
    {
        Id = registrar.NextId(),
        Version = 0,
        Asker = asking.Asker,
        Gate = asking.Target.Gate,
        Via = asking.Via,
        Environment = asking.Target.Environment,
        Action = asking.Action,
        Facts = asking.Facts,
        Claimed = asking.Claimed,
        Trace = asking.Trace,
        // What needs nobody is executed for a caller who is there.
        CallerNote = verdict.Outcome == VerdictOutcome.Require ? asking.CallerNote : null,
        Verdict = verdict,
        Key = asking.Key,
        IdempotencyHash = asking.IdempotencyKey is { } key
            ? AttachKey.HashIdempotencyKey(asking.Asker, key)
            : null,
        Detached = asking.IsDetached,
        CreatedAt = store.Now,
        Life = new Life { State = ActionState.Refused, Revision = 1, Digest = asking.Action.Digest },
        Ending = verdict.Outcome == VerdictOutcome.Deny ? ReasonOf(verdict) : null,
        Ledger = new LedgerPosition(0, 0, store.Now),
    };

    private static string ReasonOf(Verdict verdict) =>
        string.Join(" ", verdict.Rules.Select(rule => $"Rule '{rule.Id}': {rule.Reason}"));
}
