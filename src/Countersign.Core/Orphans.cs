using System.Collections.Concurrent;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Core.Tracing;

namespace Countersign.Core;

/// <summary>
/// Ends executions whose node is gone (DESIGN section 2, step 10). What left evidence is asked for at its target; what
/// nobody can prove is unknown, and never approved again.
/// </summary>
internal sealed class Orphans(Registrar registrar, IStore store, ExecutionOptions options, TimeProvider time)
{
    /// <summary>How long a target may take to answer; the sweep has other things to do.</summary>
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(5);

    /// <summary>
    /// When each orphan was first asked for. A database that died with the node needs a moment to come back, and a
    /// transaction may outlive the connection that began it: both get as long as an execution may take.
    /// </summary>
    private readonly ConcurrentDictionary<ActionId, DateTimeOffset> _firstAsked = new();

    /// <param name="id">The action.</param>
    /// <param name="silent">Targets that did not answer in this sweep: one wait for each is enough.</param>
    /// <param name="cancellationToken">Stops before the outcome is written.</param>
    public async Task EndAsync(ActionId id, ISet<TargetName> silent, CancellationToken cancellationToken)
    {
        if (await registrar.FindAsync(id, cancellationToken) is not { Life.Execution: { } lost } orphan)
        {
            return;
        }

        var proof = await ProveAsync(orphan, silent, cancellationToken);
        var asked = store.Now - _firstAsked.GetOrAdd(id, store.Now);
        if ((proof == Proof.Undecided && asked < options.Limit) || (proof == Proof.NotSeen && asked < options.Settling))
        {
            return;
        }

        var sure = proof == Proof.NotSeen ? Proof.TookNoEffect : proof;
        var registered = await registrar.ApplyAsync(
            orphan, record => DescribeLoss(record, lost.Fence, sure), cancellationToken);
        _firstAsked.TryRemove(id, out var _);
        if (registered is Registered.Done { Record: var ended })
        {
            Spans.LoseExecution(ended, lost, store.Now);
        }
    }

    private async Task<Proof> ProveAsync(
        ActionRecord orphan, ISet<TargetName> silent, CancellationToken cancellationToken)
    {
        if (options.FindEvidence(orphan) is not { } evidence || options.FindProver(orphan) is not { } prover)
        {
            return Proof.Unknown;
        }

        if (silent.Contains(orphan.Action.Target))
        {
            return Proof.Undecided;
        }

        using var limit = new CancellationTokenSource(AnswerTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await prover(orphan, evidence, either.Token).WaitAsync(either.Token);
        }
        catch (Exception failure)
            when (failure is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            // Whatever keeps the target from answering proves nothing, and may be over at the next sweep.
            silent.Add(orphan.Action.Target);
            return Proof.Undecided;
        }
    }

    private Happening DescribeLoss(ActionRecord record, long fence, Proof proof)
    {
        var (state, text) = proof switch
        {
            Proof.TookEffect => (
                OutcomeState.Succeeded,
                "The server stopped before it heard the answer. The target says that the action took effect; what it " +
                "answered is lost."),
            Proof.TookNoEffect => (
                OutcomeState.Failed,
                "The server stopped while this action was being executed. The target says that it took no effect: " +
                "ask again."),
            _ => (
                OutcomeState.Unknown,
                "The server stopped while this action was being executed. It may or may not have taken effect: look " +
                "at the target before asking again."),
        };
        var outcome = new Outcome(state, Result: null, text, TimeSpan.Zero);
        return new Happening(new LifeEvent.OwnerLost(fence, state, store.Now))
        {
            Payload = (_, _) => PayloadWriter.Write(json =>
            {
                PayloadWriter.Outcome(json, outcome, fence);
                PayloadWriter.Proof(json, options.FindEvidence(record), proof);
            }),
            Outcome = outcome,
        };
    }
}
