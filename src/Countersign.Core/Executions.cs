using System.Collections.Concurrent;
using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Core.Tracing;

namespace Countersign.Core;

/// <summary>
/// Steps 7 to 9 of an action's life: claim, execute, outcome. The claim is one conditional write with the intent entry
/// in it; only after it is durable does anything leave this machine.
/// </summary>
internal sealed class Executions(
    Registrar registrar,
    IStore store,
    Claims claims,
    Attempt attempt,
    Recordings recordings,
    NodeId self,
    FindExecutor find)
{
    private readonly ConcurrentDictionary<ActionId, Task> _running = new();
    private readonly ConcurrentDictionary<ActionId, Unsettled> _unsettled = new();

    /// <summary>Records that evidence was added to meanwhile; it saves the outcome from reading them again.</summary>
    private readonly ConcurrentDictionary<ActionId, ActionRecord> _noted = new();

    /// <summary>What this node is claiming or executing at this moment, which nobody else may settle.</summary>
    private readonly Callers _engaged = new();

    /// <summary>The fence of an approval that nothing ran under yet.</summary>
    public const long NeverRun = 0;

    /// <summary>Work that is under way on this node; shutting down waits for it.</summary>
    public IReadOnlyCollection<Task> Running => [.. _running.Values];

    /// <summary>
    /// Takes the grant for this node; <c>null</c> when it cannot be taken. Whoever gets it has to <see cref="Run"/> it.
    /// An approval that today's policy or people would not give any more is superseded, so that the call can start
    /// again.
    /// </summary>
    public Task<ActionRecord?> ClaimAsync(ActionId id, CancellationToken cancellationToken) =>
        ClaimAsync(id, after: null, isForNode: false, cancellationToken);

    /// <summary>The claim of an action that the policy allows and that nobody has recorded yet.</summary>
    public Happening DescribeFirstClaim(ActionRecord record) => claims.DescribeFirst(record);

    /// <summary>Writes an allowed action that is new together with its claim.</summary>
    public Task<Registered> OpenAsync(ActionRecord claimed, ImmutableArray<EntryType> entries, Happening happening) =>
        EngageAsync(claimed.Id, () => registrar.OpenAsync(claimed, entries, happening, CancellationToken.None));

    /// <summary>
    /// Executes a claimed action and records the outcome. The work belongs to this node, not to the caller: a caller
    /// that leaves cancels nothing, because what was sent cannot be unsent.
    /// </summary>
    public Task<ActionRecord> Run(ActionRecord claimed, ActionExecutor execute) =>
        Track(claimed.Id, RunAsync(claimed, execute));

    /// <summary>
    /// Executes what the policy allows, and then records request and outcome in one entry. The task ends when that is
    /// durable, and until then no byte of the answer may leave.
    /// </summary>
    public Task<ActionRecord> RunUnrecorded(ActionRecord allowed, ActionExecutor execute) =>
        Track(allowed.Id, recordings.RunAsync(allowed, execute));

    private async Task<ActionRecord?> ClaimAsync(
        ActionId id, long? after, bool isForNode, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (claims.Rereads)
        {
            await claims.RereadVotersAsync(await registrar.FindAsync(id, cancellationToken), cancellationToken);
        }

        var claim = await EngageAsync(
            id,
            () => registrar.ApplyAsync(
                id,
                record => claims.Describe(record, after) is var claimed && isForNode
                    ? claimed with { Detaches = true }
                    : claimed,
                CancellationToken.None));
        if (claim is Registered.Refused { Why: StepRefusal.ApprovalLapsed, Record: var lapsed })
        {
            await registrar.ApplyAsync(id, Unasked.Overtaken(claims.WhyLapsed(lapsed)), cancellationToken);
        }

        return (claim as Registered.Done)?.Record;
    }

    private Task<ActionRecord> Track(ActionId id, Task<ActionRecord> work)
    {
        _running[id] = work;
        _ = work.ContinueWith(
            (_, ended) => _running.TryRemove((ActionId)ended!, out var _),
            id,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        return work;
    }

    /// <summary>
    /// Takes an approval that no live call waits for, for this node, and starts it. Losing the race to another node is
    /// fine; a target that is gone ends in <c>failed</c>, because nothing was sent.
    /// </summary>
    /// <param name="id">The action.</param>
    /// <param name="after">
    /// The fence that was seen: a grant of several uses that somebody took meanwhile is left to whoever asks again.
    /// </param>
    /// <param name="cancellationToken">Stops before the claim, not after it.</param>
    /// <returns>Whether this node took it.</returns>
    public async Task<bool> TakeAsync(ActionId id, long after, CancellationToken cancellationToken)
    {
        if (await ClaimAsync(id, after, isForNode: true, cancellationToken) is not { } claimed)
        {
            return false;
        }

        // Found only inside the run: after the claim nothing may throw before the outcome is somebody's task.
        _ = Run(claimed, (action, limit) => (find(action) ?? TargetGone)(action, limit));
        return true;
    }

    /// <summary>Reports again what the store could not take before; called until it could.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        await recordings.SettleAsync(cancellationToken);
        foreach (var id in _unsettled.Keys.OrderBy(id => id.Value, StringComparer.Ordinal))
        {
            var record = await registrar.FindAsync(id, cancellationToken);

            // Looked up only now: while the record was read, another claim of this node may have run and left what it
            // could not report here. Or it still runs, and will report for itself.
            if (_engaged.IsPresent(id) || !_unsettled.TryGetValue(id, out var lost))
            {
                continue;
            }

            if (record is { State: ActionState.Executing, Life.Execution: { } execution } && execution.Owner == self)
            {
                var outcome = lost.Fence == execution.Fence ? lost.Outcome : null;
                await CompleteAsync(record, outcome ?? NothingSent(), cancellationToken);
            }

            _unsettled.TryRemove(KeyValuePair.Create(id, lost));
        }
    }

    /// <summary>
    /// Notes what the target can be asked with if this node goes away; <c>false</c> when the execution is not this one
    /// any more, and then nothing of it may become durable.
    /// </summary>
    public async Task<bool> NoteAsync(ActionRecord executing, Evidence evidence, CancellationToken cancellationToken)
    {
        if (executing is not { Version: > 0, Life.Execution: { } execution })
        {
            throw new InvalidOperationException(
                $"{executing.Id} has no intent that evidence could be added to: it is recorded with its outcome.");
        }

        var noted = await registrar.ApplyAsync(
            executing,
            record => new Happening(new LifeEvent.EvidenceLeft(execution.Fence))
            {
                Payload = (_, next) => PayloadWriter.Intent(next, execution),
                Evidence = evidence,
            },
            cancellationToken);
        if (noted is not Registered.Done done)
        {
            return false;
        }

        _noted[executing.Id] = done.Record;
        return true;
    }

    private static Task<Outcome> TargetGone(ActionRecord action, CancellationToken cancellationToken) =>
        Task.FromResult(new Outcome(
            OutcomeState.Failed,
            Result: null,
            $"Nothing was sent: target '{action.Action.Target}' is not configured any more, or not on this gate.",
            TimeSpan.Zero));

    private static Outcome NothingSent() => new(
        OutcomeState.Failed,
        Result: null,
        "Nothing was sent: the claim could not be confirmed because the store was unavailable. Ask again.",
        TimeSpan.Zero);

    /// <summary>
    /// Sees a claim through, whoever leaves meanwhile: it may be durable before anybody knows, and a claim that nobody
    /// knows of would be under way for ever.
    /// </summary>
    private async Task<Registered> EngageAsync(ActionId id, Func<Task<Registered>> claim)
    {
        _engaged.Enter(id);
        Registered? registered = null;
        try
        {
            registered = await claim();
            return registered;
        }
        catch
        {
            // The acknowledgement may be lost while the claim is not. Nothing was sent, so the sweep may say so later.
            _unsettled.TryAdd(id, new Unsettled(Fence: 0, Outcome: null));
            throw;
        }
        finally
        {
            // A claim that came through stays engaged until its run has ended.
            if (registered is not Registered.Done)
            {
                _engaged.Leave(id);
            }
        }
    }

    private async Task<ActionRecord> RunAsync(ActionRecord claimed, ActionExecutor execute)
    {
        // The caller goes on at once; the execution has its own limit and nobody else's cancellation.
        await Task.Yield();
        try
        {
            var start = store.Now;
            var outcome = await attempt.MakeAsync(claimed, execute);
            var latest = _noted.GetValueOrDefault(claimed.Id, claimed);
            return await RecordAsync(latest, outcome with { Duration = store.Now - start });
        }
        finally
        {
            _noted.TryRemove(claimed.Id, out var _);
            _engaged.Leave(claimed.Id);
        }
    }

    private async Task<ActionRecord> RecordAsync(ActionRecord claimed, Outcome outcome)
    {
        try
        {
            return await CompleteAsync(claimed, outcome, CancellationToken.None) switch
            {
                Registered.Done done => done.Record,
                Registered.Refused refused => refused.Record,
                _ => throw new StoreUnavailableException($"The outcome of {claimed.Id} could not be recorded."),
            };
        }
        catch
        {
            // Whatever kept it from being recorded: the outcome is known only here, so it is tried again.
            _unsettled[claimed.Id] = new Unsettled(claimed.Life.Execution!.Fence, outcome);
            throw;
        }
    }

    private Task<Registered> CompleteAsync(ActionRecord claimed, Outcome outcome, CancellationToken cancellationToken)
    {
        var fence = claimed.Life.Execution!.Fence;
        return registrar.ApplyAsync(
            claimed,
            _ => new Happening(new LifeEvent.Completed(fence, outcome.State, store.Now))
            {
                Payload = (_, _) => PayloadWriter.Write(json => PayloadWriter.Outcome(json, outcome, fence)),
                Outcome = outcome,
            },
            cancellationToken);
    }

    /// <summary>A report the store did not take; without an outcome, a claim whose acknowledgement was lost.</summary>
    private sealed record Unsettled(long Fence, Outcome? Outcome);
}

/// <summary>What executes detached actions, and what bounds every execution.</summary>
public sealed record ExecutionOptions(FindExecutor Find)
{
    /// <summary>Longest time an execution may take when no rule says less; then its outcome is unknown.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>What can run an action and take it back; by default nothing can.</summary>
    public FindRehearser FindRehearser { get; init; } = static _ => null;

    /// <summary>Who can ask a target what became of an execution whose node is gone; by default nobody.</summary>
    public FindProver FindProver { get; init; } = static _ => null;

    /// <summary>
    /// What a target knows an execution by; by default what the execution left. It may also follow from the action.
    /// </summary>
    public Func<ActionRecord, Evidence?> FindEvidence { get; init; } = static action => action.Evidence;

    /// <summary>How long what was sent before a node died may take to arrive.</summary>
    public TimeSpan Settling { get; init; } = TimeSpan.FromSeconds(30);
}
