using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Server.Hosting;

/// <summary>What the gateway asks of people about itself: changes of its own rules and of who is registered.</summary>
internal sealed class Proposals(Gatekeeper gatekeeper, ReviewDesk reviews, IStore store)
{
    /// <summary>How long an attempt of a process that died may take to be ended.</summary>
    private static readonly TimeSpan ReaperTime = TimeSpan.FromSeconds(10);

    /// <summary>How many earlier attempts at the same change one start gets over.</summary>
    private const int MaxEarlierAttempts = 16;

    /// <summary>How many open questions of the gateway are looked through; there are a handful.</summary>
    private const int MostOpen = 1000;

    /// <summary>
    /// Puts a change to review; asking again at the next start finds the same review. <c>null</c> when it was denied
    /// not long ago, or cannot be asked.
    /// </summary>
    public async Task<ActionId?> AskAsync(
        CanonicalAction action, Func<Verdict> judge, Preview? preview, CancellationToken cancellationToken)
    {
        var asking = new Asking(
            new Asker(DefinitionDesk.ReservedAgent, OnBehalfOf: null), AgentDesk.Gateway, GateKind.Api, action)
        {
            Previewer = preview is null ? null : (_, _) => Task.FromResult(preview),
        };
        for (var round = 0; round < MaxEarlierAttempts; round++)
        {
            switch (await gatekeeper.AdmitAsync(asking, (_, _) => judge(), cancellationToken))
            {
                case Admission.Held held:
                    return held.Record.Id;
                case Admission.UnderWay { Record: var begun }:
                    // By a process that died over it; the reaper, which has just started, ends it.
                    await gatekeeper.WaitAsync(
                        begun.Id, record => record.State != ActionState.Executing, ReaperTime, cancellationToken);
                    break;
                case Admission.Ended { Record: { State: not ActionState.Denied } ended }:
                    // Whatever became of that attempt, something else is in force: this is the caller who is told, and
                    // who asks anew.
                    await gatekeeper.DeliveredAsync(ended, cancellationToken);
                    break;
                default:
                    return null;
            }
        }

        return null;
    }

    /// <summary>
    /// Withdraws what was asked for by files that say something else now: an approval that comes late would bring into
    /// force what nobody has written down any more.
    /// </summary>
    public async Task WithdrawOthersAsync(string operation, ActionId? current, CancellationToken cancellationToken)
    {
        foreach (var id in await store.FindOpenAsync(DefinitionDesk.ReservedAgent, MostOpen, cancellationToken))
        {
            if (id != current
                && await gatekeeper.FindAsync(id, cancellationToken) is { State: ActionState.Pending } record
                && record.Action.Operation == operation)
            {
                await reviews.WithdrawAsync(
                    id,
                    DefinitionDesk.ReservedAgent.Value,
                    "the files say something else since this start.",
                    cancellationToken);
            }
        }
    }
}
