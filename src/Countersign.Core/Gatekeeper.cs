using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// The front door. Every privileged action of every gate goes through here, in the steps of DESIGN section 2:
/// <list type="number">
/// <item>Intake and facts are the gate's work; it hands over an <see cref="Asking"/>.</item>
/// <item>Verdict, attachment and record: <see cref="AdmitAsync"/>.</item>
/// <item>Review: the call waits while people decide.</item>
/// <item>Claim, execution and outcome: <see cref="Executions"/>.</item>
/// <item>Delivery: the gate says when the answer has left, <see cref="DeliveredAsync"/>.</item>
/// </list>
/// In doubt the answer is a refusal; an exception out of here means that nothing was sent by this call.
/// </summary>
public sealed class Gatekeeper
{
    /// <summary>
    /// How often one call may be overtaken by other calls or policies before it is told to come back.
    /// </summary>
    private const int MaxRounds = 16;

    private readonly HeldCalls _heldCalls = new();
    private readonly Intake _intake;
    private readonly Executions _executions;
    private readonly Registrar _registrar;
    private readonly Waiting _waiting;
    private readonly Callers _callers;

    internal Gatekeeper(Intake intake, Executions executions, Registrar registrar, Waiting waiting, Callers callers)
    {
        _intake = intake;
        _executions = executions;
        _registrar = registrar;
        _waiting = waiting;
        _callers = callers;
    }

    /// <summary>
    /// Judges a request, attaches it to an earlier identical one or records it, and says where it stands. Nobody waits
    /// with a detached request: what needs nobody is taken by this node at once, and a review that a live call opened
    /// is left to the node that records its decision.
    /// </summary>
    public Task<Admission> AdmitAsync(Asking asking, CancellationToken cancellationToken) =>
        AdmitAsync(asking, judge: null, cancellationToken);

    /// <summary>
    /// The same for what the gateway itself asks, whose verdict does not come from the policy's rules.
    /// </summary>
    internal async Task<Admission> AdmitAsync(Asking asking, Judge? judge, CancellationToken cancellationToken)
    {
        for (var round = 0; round < MaxRounds; round++)
        {
            var admission = await _intake.AdmitAsync(asking, judge, taker: null, cancellationToken);
            if (await LeaveToNodeAsync(asking, admission, cancellationToken) is { } left)
            {
                return left;
            }
        }

        throw Overtaken();
    }

    /// <summary><c>null</c> means that the ground shifted under the request: it starts again at the verdict.</summary>
    private async Task<Admission?> LeaveToNodeAsync(
        Asking asking, Admission admission, CancellationToken cancellationToken)
    {
        switch (admission)
        {
            case Admission.Held { Record: { Detached: false } held } when asking.IsDetached:
                return await _registrar.DetachAsync(held, cancellationToken)
                    is Registered.Done { Record: { State: ActionState.Pending } pending }
                    ? new Admission.Held(pending)
                    : null;
            case Admission.Granted { Record: var granted } when asking.IsDetached || granted.Detached:
                return await _executions.TakeAsync(granted.Id, granted.Life.Fence, cancellationToken)
                    || !await HasLapsedAsync(granted, cancellationToken)
                    ? admission
                    : null;
            default:
                return admission;
        }
    }

    /// <summary>
    /// Takes a live call from request to answer. Only such a call may take an approval that came in attached.
    /// </summary>
    public async Task<Handled> HandleAsync(Asking asking, Call call, CancellationToken cancellationToken)
    {
        if (asking.Target.GivesPermits)
        {
            throw new InvalidOperationException(
                $"Nothing is executed behind '{asking.Target.Name}': whoever asks claims a permit.");
        }

        for (var round = 0; round < MaxRounds; round++)
        {
            var admission = await _intake.AdmitAsync(
                asking, judge: null, _executions, cancellationToken);
            if (await AdvanceAsync(asking, admission, call, cancellationToken) is { } handled)
            {
                return handled;
            }
        }

        throw Overtaken();
    }

    /// <summary>Notes that the answer has left for the caller, so that nobody else gets this outcome.</summary>
    public Task DeliveredAsync(ActionRecord record, CancellationToken cancellationToken) =>
        DeliveredAsync(record, ChangePriority.Decision, cancellationToken);

    /// <summary>The same for who may hand it over only if nobody else does.</summary>
    /// <returns>Whether this was the delivery.</returns>
    public async Task<bool> TryDeliverAsync(ActionRecord record, CancellationToken cancellationToken) =>
        !record.Life.Delivered
        && await _registrar.ApplyAsync(
            record,
            // Of no execution, and so refused, as soon as somebody else handed it over.
            current => new Happening(new LifeEvent.Delivered(current.Life.Delivered ? -1 : record.Life.Fence)),
            cancellationToken) is Registered.Done;

    /// <summary>
    /// The same for who keeps the outcome for its caller meanwhile (<see cref="Handled"/>): the note lingers until
    /// another commit carries it, which spares every call a commit of its own.
    /// </summary>
    public Task DeliveredInPassingAsync(ActionRecord record, CancellationToken cancellationToken) =>
        DeliveredAsync(record, ChangePriority.Note, cancellationToken);

    /// <summary>
    /// Notes, while an action is being executed, what its target can be asked with if this node goes away: before the
    /// effect becomes durable there. Unless this returns <c>true</c>, the executor may not let it become so.
    /// </summary>
    /// <returns>Whether it is durable; <c>false</c> when somebody else has ended this execution.</returns>
    /// <exception cref="StoreUnavailableException">Nobody knows whether it is durable.</exception>
    public Task<bool> NoteEvidenceAsync(
        ActionRecord executing, Evidence evidence, CancellationToken cancellationToken) =>
        _executions.NoteAsync(executing, evidence, cancellationToken);

    /// <summary>One action as it stands now.</summary>
    public Task<ActionRecord?> FindAsync(ActionId id, CancellationToken cancellationToken) =>
        _registrar.FindAsync(id, cancellationToken);

    /// <summary>The action that a principal gave an idempotency key to, as it stands now.</summary>
    public Task<ActionRecord?> FindAsync(Asker asker, string idempotencyKey, CancellationToken cancellationToken) =>
        _registrar.FindAsync(asker, idempotencyKey, cancellationToken);

    /// <summary>One action, as soon as it satisfies a condition or when time is over.</summary>
    public Task<ActionRecord?> WaitAsync(
        ActionId id, Func<ActionRecord, bool> satisfied, TimeSpan patience, CancellationToken cancellationToken) =>
        _waiting.UntilAsync(id, satisfied, patience, cancellationToken);

    /// <summary>
    /// One action, as soon as its state is another one than the caller has seen, or when time is over.
    /// </summary>
    public Task<ActionRecord?> WaitForChangeAsync(
        ActionId id, ActionState seen, TimeSpan patience, CancellationToken cancellationToken) =>
        _waiting.UntilAsync(
            id, record => record.State.HasEnded() || record.State != seen, patience, cancellationToken);

    /// <summary>One action, as soon as it has ended or when time is over.</summary>
    public Task<ActionRecord?> WaitForEndAsync(ActionId id, TimeSpan patience, CancellationToken cancellationToken) =>
        _waiting.UntilAsync(id, record => record.State.HasEnded(), patience, cancellationToken);

    /// <summary>One action, as soon as it is not pending any more or when time is over.</summary>
    public Task<ActionRecord?> WaitForDecisionAsync(
        ActionId id, TimeSpan patience, CancellationToken cancellationToken) =>
        _waiting.UntilAsync(id, record => record.State != ActionState.Pending, patience, cancellationToken);

    private async Task DeliveredAsync(
        ActionRecord record, ChangePriority priority, CancellationToken cancellationToken)
    {
        if (!record.Life.Delivered)
        {
            // Of this execution only: the next use of the grant may be under way by now.
            var delivered = new Happening(new LifeEvent.Delivered(record.Life.Fence)) { Priority = priority };
            await _registrar.ApplyAsync(record, _ => delivered, cancellationToken);
        }
    }

    /// <summary>Whether a grant ended without anybody having taken it since it was read.</summary>
    private async Task<bool> HasLapsedAsync(ActionRecord granted, CancellationToken cancellationToken) =>
        await FindAsync(granted.Id, cancellationToken) is { } now
        && now.State.HasEnded()
        && now.Life.Fence == granted.Life.Fence;

    /// <summary><c>null</c> means that the ground shifted under the call: it starts again at the verdict.</summary>
    private async Task<Handled?> AdvanceAsync(
        Asking asking, Admission admission, Call call, CancellationToken cancellationToken)
    {
        switch (admission)
        {
            case Admission.Refused refused:
                return Finish(refused.Record);
            case Admission.Ended ended:
                return Finish(ended.Record);
            case Admission.Paused paused:
                return new Handled(new Answer.Paused(paused.Reason), presence: null);
            case Admission.Stopped stopped:
                return new Handled(new Answer.Stopped(stopped.Reason), presence: null);
            case Admission.IdempotencyConflict conflict:
                return new Handled(new Answer.IdempotencyConflict(conflict.Earlier), presence: null);
            case Admission.UnderWay underWay:
                return await WaitOutAsync(asking, underWay.Record, call, cancellationToken);
            case Admission.Granted granted:
                return await TakeAsync(asking, granted.Record, call, cancellationToken);
            case Admission.Claimed claimed:
                return await ExecuteAsync(claimed.Record, claimed.Presence, call, cancellationToken);
            case Admission.Unrecorded unrecorded:
                return await ExecuteUnrecordedAsync(unrecorded.Record, call, cancellationToken);
            case Admission.Held held when call.LeavesWhenHeld:
                return await LeaveAsync(held.Record, cancellationToken);
            case Admission.Held held:
                call.OnHeld(held.Record);
                return await HoldAsync(asking, held.Record, call, cancellationToken);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>
    /// The caller goes before people decided, so that the approval is for the node that records it. Until that is
    /// durable the caller is not told; whoever else waits live gets the outcome all the same.
    /// </summary>
    private async Task<Handled?> LeaveAsync(ActionRecord held, CancellationToken cancellationToken)
    {
        var detached = held.Detached
            ? new Registered.Done(held)
            : await _registrar.DetachAsync(held, cancellationToken);
        return detached is Registered.Done { Record: { State: ActionState.Pending } pending }
            ? new Handled(new Answer.StillPending(pending), presence: null)
            : null;
    }

    private async Task<Handled?> HoldAsync(
        Asking asking, ActionRecord held, Call call, CancellationToken cancellationToken)
    {
        using var place = _heldCalls.Enter(held.Id);
        var decided = await _waiting.UntilAsync(
            held.Id, record => record.State != ActionState.Pending, call.Patience, cancellationToken);
        if (decided is { State: ActionState.Approved } && !place.IsNewest)
        {
            // An older call is most likely one whose client gave up: the newest goes first.
            decided = await _waiting.UntilAsync(
                held.Id, record => record.State != ActionState.Approved, Callers.NoticeTime, cancellationToken);
        }

        return decided switch
        {
            null => throw new StoreUnavailableException($"Action {held.Id} vanished from the store."),
            { State: ActionState.Pending } when call.LeavesAtLast => await LeaveAsync(decided, cancellationToken),
            { State: ActionState.Pending } => new Handled(new Answer.StillPending(decided), presence: null),
            { State: ActionState.Approved } => await TakeAsync(asking, decided, call, cancellationToken),
            { State: ActionState.Superseded } => null,
            { State: ActionState.Executing } => null,
            { Life.LastOutcome: not null } => null,
            _ => Finish(decided),
        };
    }

    private async Task<Handled?> TakeAsync(
        Asking asking, ActionRecord granted, Call call, CancellationToken cancellationToken)
    {
        // What is left after a first use is for whoever asks again, whether a node or a call took that one.
        if (IsForNode(granted))
        {
            return await WaitOutAsync(asking, granted, call, cancellationToken);
        }

        // Expired, superseded, taken by another call, or another policy: the verdict decides again.
        return await ClaimAsync(granted.Id, cancellationToken) is { } claimed
            ? await ExecuteAsync(claimed.Record, claimed.Presence, call, cancellationToken)
            : null;
    }

    /// <summary>
    /// Enters before it claims: an identical call must never see the claim and nobody who listens for its outcome.
    /// </summary>
    private async Task<Admission.Claimed?> ClaimAsync(ActionId id, CancellationToken cancellationToken)
    {
        var presence = _callers.Enter(id);
        ActionRecord? claimed = null;
        try
        {
            claimed = await _executions.ClaimAsync(id, cancellationToken);
            return claimed is null ? null : new Admission.Claimed(claimed, presence);
        }
        finally
        {
            if (claimed is null)
            {
                presence.Dispose();
            }
        }
    }

    private async Task<Handled> ExecuteAsync(
        ActionRecord claimed, Callers.Presence presence, Call call, CancellationToken cancellationToken)
    {
        try
        {
            var ended = await _executions.Run(claimed, call.Execute).WaitAsync(cancellationToken);
            return new Handled(new Answer.Ended(ended), presence);
        }
        catch
        {
            presence.Dispose();
            throw;
        }
    }

    private async Task<Handled> ExecuteUnrecordedAsync(
        ActionRecord allowed, Call call, CancellationToken cancellationToken)
    {
        var recorded = await _executions.RunUnrecorded(allowed, call.Execute).WaitAsync(cancellationToken);
        return new Handled(new Answer.Ended(recorded), presence: null);
    }

    /// <summary>Somebody else executes it: this call gets the outcome if nobody else did.</summary>
    private async Task<Handled?> WaitOutAsync(
        Asking asking, ActionRecord underWay, Call call, CancellationToken cancellationToken)
    {
        if (asking.TakesOwnOutcomeOnly)
        {
            return await WaitForTurnAsync(underWay.Id, call, cancellationToken);
        }

        if (call.LeavesWhenHeld && underWay is { Detached: true, WasHeld: true })
        {
            return new Handled(new Answer.StillPending(underWay), presence: null);
        }

        var ended = await _waiting.UntilAsync(
            underWay.Id,
            record => record.State is not (ActionState.Executing or ActionState.Approved),
            call.Patience,
            cancellationToken);
        return ended switch
        {
            null => throw new StoreUnavailableException($"Action {underWay.Id} vanished from the store."),
            { State: ActionState.Executing or ActionState.Approved } =>
                new Handled(new Answer.StillPending(ended), presence: null),
            { Life.Delivered: true } => null,
            _ => Finish(ended),
        };
    }

    /// <summary>
    /// Somebody else uses the grant, and their outcome is no answer for this call: it starts again when they are done.
    /// </summary>
    private async Task<Handled?> WaitForTurnAsync(ActionId id, Call call, CancellationToken cancellationToken)
    {
        var released = await _waiting.UntilAsync(
            id, record => !IsInOtherHands(record), call.Patience, cancellationToken);
        return released switch
        {
            null => throw new StoreUnavailableException($"Action {id} vanished from the store."),
            _ when IsInOtherHands(released) => new Handled(new Answer.StillPending(released), presence: null),
            _ => null,
        };
    }

    private static bool IsInOtherHands(ActionRecord record) =>
        record.State == ActionState.Executing || IsForNode(record);

    /// <summary>An approval that the node which recorded the decision takes by itself.</summary>
    private static bool IsForNode(ActionRecord record) =>
        record is { State: ActionState.Approved, Detached: true, Life.LastOutcome: null };

    private static StoreUnavailableException Overtaken() => new(
        $"This call was overtaken by identical calls {MaxRounds} times; nothing was executed for it. Call again.");

    private Handled Finish(ActionRecord record) => new(new Answer.Ended(record), _callers.Enter(record.Id));
}
