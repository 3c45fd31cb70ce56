using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Model;

/// <summary>One thing that can happen next, where it leads, and the invariant that it breaks.</summary>
internal sealed record Move(string Name, World To, string? Breach = null);

/// <summary>
/// What can happen in a world: persons and nodes read the row and commit changes under the store's rules, the clock
/// goes on, nodes crash, acknowledgements get lost. What a change makes of the row is the product's own
/// <see cref="Lifecycle.Next"/>; the rules of the store are DESIGN section 4, those of the nodes section 2, steps 7 to
/// 10.
/// </summary>
internal sealed class Protocol(DesignBug bug, Scene scene)
{
    private const int MaxIncarnation = 1;

    private static readonly int[] Voters = [Setting.Alice, Setting.Bob, Setting.Olga];

    public IEnumerable<Move> MovesFrom(World world)
    {
        var moves = Reads(world).Concat(world.InFlight.SelectMany(operation => Commits(world, operation)));
        for (var node = 0; node < world.Nodes.Length; node++)
        {
            moves = moves.Concat(NodeMoves(world, node));
        }

        return moves.Concat(Surroundings(world));
    }

    /// <summary>Everybody who could want something reads the row; what would be refused at once is left out.</summary>
    private IEnumerable<Move> Reads(World world)
    {
        if (world.InFlight.Length >= scene.MaxInFlight)
        {
            yield break;
        }

        foreach (var read in Wishes(world).Where(wish => IsLegal(world, wish)))
        {
            yield return new Move($"{Describe(read)} reads", Begun(world, read));
        }
    }

    private IEnumerable<Operation> Wishes(World world)
    {
        foreach (var vote in Voters.SelectMany(voter => Votes(world, voter)))
        {
            yield return vote;
        }

        if (scene.IsOnlyAboutVotes)
        {
            yield return Reading(world, OperationKind.TimePasses, who: 0);
            yield break;
        }

        if (world.Row.Revision < Setting.MaxRevision)
        {
            yield return Reading(world, OperationKind.Modify, Setting.Carol);
        }

        yield return Reading(world, OperationKind.Withdraw, who: 0);
        yield return Reading(world, OperationKind.TimePasses, who: 0);
        if (world.IsStricter || world.HasBobLeft)
        {
            yield return Reading(world, OperationKind.Overtake, who: 0);
        }
    }

    /// <summary>A person answers what was shown, in each channel at most once at a time.</summary>
    private IEnumerable<Operation> Votes(World world, int voter)
    {
        for (var channel = 0; channel < scene.Channels; channel++)
        {
            if (IsBusy(world, OperationKind.Vote, voter, channel))
            {
                continue;
            }

            for (var shown = 1; shown <= world.Row.Revision; shown++)
            {
                yield return Reading(world, OperationKind.Vote, voter, (int)Decision.Approve, shown, channel);
                yield return Reading(world, OperationKind.Vote, voter, (int)Decision.Deny, shown, channel);
            }
        }
    }

    private IEnumerable<Move> NodeMoves(World world, int node)
    {
        var state = world.Nodes[node];
        var canRead = world.InFlight.Length < scene.MaxInFlight;
        if (state.Incarnation < MaxIncarnation && IsEngaged(world, node) && !scene.IsOnlyAboutVotes)
        {
            yield return new Move($"node {node} crashes", Crashed(world, node));
        }

        if (state.Step == NodeStep.Idle && canRead)
        {
            var claim = Reading(world, OperationKind.Claim, node);
            if (IsLegal(world, claim))
            {
                yield return new Move(
                    $"{Describe(claim)} reads", Entering(Begun(world, claim), node, NodeStep.Claiming));
            }

            if (scene.Taker == Taker.Node
                && world.Row.Execution is { } execution
                && !Setting.IsAlive(execution.Owner, world.Nodes))
            {
                var reap = Reading(world, OperationKind.Reap, node);
                yield return new Move($"{Describe(reap)} reads", Begun(world, reap));
                var prove = Reading(world, OperationKind.Prove, node, (int)ProofOf(world));
                yield return new Move($"{Describe(prove)} reads", Begun(world, prove));
            }
        }

        if (state.Step == NodeStep.Claimed || (bug == DesignBug.EffectBeforeClaim && state.Step == NodeStep.Claiming))
        {
            yield return Sending(world, node);
        }

        if (state.Step is NodeStep.Sent or NodeStep.Unsure && canRead)
        {
            foreach (var move in Reports(world, node))
            {
                yield return move;
            }
        }
    }

    /// <summary>What the target says of an execution whose node is gone; nothing more can come from there.</summary>
    private OutcomeState ProofOf(World world) =>
        world.Observer.Sends > 0 && bug != DesignBug.SilenceProvesFailure
            ? OutcomeState.Succeeded
            : OutcomeState.Failed;

    private IEnumerable<Move> Reports(World world, int node)
    {
        if (world.Nodes[node].Step == NodeStep.Sent)
        {
            var outcomes = Enum.GetValues<OutcomeState>()
                .Select(outcome => Reading(world, OperationKind.Report, node, (int)outcome))
                .Where(report => IsLegal(world, report))
                .ToList();
            return outcomes.Count == 0
                ? [new Move($"node {node} finds its report taken", Entering(world, node, NodeStep.Idle))]
                : outcomes.Select(report => new Move(
                    $"{Describe(report)} reads", Entering(Begun(world, report), node, NodeStep.Reporting)));
        }

        if (bug == DesignBug.LostAcknowledgementNeverReaped)
        {
            return [];
        }

        var own = Setting.NodeName(node, world.Nodes[node].Incarnation);
        if (scene.Taker == Taker.Asker)
        {
            return [AskAgain(world, node, own)];
        }

        return world.Row is { State: ActionState.Executing, Execution: { } execution } && execution.Owner == own
            ? [new Move(
                $"node {node} settles its lost claim: reads", Begun(world, Reading(world, OperationKind.Settle, node)))]
            : [new Move($"node {node} finds that it claimed nothing", Entering(world, node, NodeStep.Idle))];
    }

    /// <summary>A claim with the same key is the same claim, as long as it is open.</summary>
    private static Move AskAgain(World world, int node, NodeId own) =>
        world.Row is { State: ActionState.Executing, Execution: { } execution } && execution.Owner == own
            ? new Move($"asker {node} claims again and is known", Hearing(world, node))
            : new Move($"asker {node} claims again in vain", Entering(world, node, NodeStep.Idle));

    private IEnumerable<Move> Surroundings(World world)
    {
        if (scene.Taker == Taker.Asker && world.Row.State == ActionState.Executing && world.Clock < Setting.LastMinute)
        {
            yield return new Move($"minute {world.Clock + 1}", world with { Clock = world.Clock + 1 });
        }

        // Time, policy and groups matter as long as somebody may still vote or claim.
        if (world.Row.State is not (ActionState.Pending or ActionState.Approved))
        {
            yield break;
        }

        if (world.Clock < Setting.LastMinute)
        {
            yield return new Move($"minute {world.Clock + 1}", world with { Clock = world.Clock + 1 });
        }

        if (!world.IsStricter && !scene.IsOnlyAboutVotes)
        {
            yield return new Move("the policy becomes stricter", world with { IsStricter = true });
        }

        if (!world.HasBobLeft)
        {
            yield return new Move("bob leaves the group", world with { HasBobLeft = true });
        }
    }

    /// <summary>The store takes a change, or does not; and the acknowledgement of what it took may get lost.</summary>
    private IEnumerable<Move> Commits(World world, Operation operation)
    {
        var name = Describe(operation);
        var without = world with { InFlight = world.InFlight.Remove(operation) };
        if (WhyNot(world, operation) is { } why)
        {
            yield return new Move($"{name} is not written: {why}", Answered(without, operation));
            yield break;
        }

        var life = After(operation, world.Nodes);
        if (life is null)
        {
            yield return new Move($"{name} is refused", Answered(without, operation));
            yield break;
        }

        var written = Written(without, operation, life);
        var breach = Judgement.OfCommit(world, operation, life);
        yield return new Move($"{name} is written", Acknowledged(written, operation), breach);
        if (operation.Kind is OperationKind.Claim or OperationKind.Report)
        {
            yield return new Move(
                $"{name} is written, unheard", Unacknowledged(written, operation), breach);
        }
    }

    /// <summary>The conditions under which the store commits (DESIGN section 4).</summary>
    private string? WhyNot(World world, Operation operation)
    {
        if (operation.IsStale && bug != DesignBug.NoCompareAndSet)
        {
            return "the row has moved";
        }

        var notAfter = operation.Kind switch
        {
            OperationKind.Vote => operation.Read.ExpiresAt,
            OperationKind.Claim when bug != DesignBug.NoExpiryAtClaim => operation.Read.Grant?.ExpiresAt,
            _ => null,
        };
        if (Setting.At(world.Clock) >= notAfter)
        {
            return "too late";
        }

        return operation.Kind == OperationKind.Claim && operation.SawStricter != world.IsStricter
            ? "another policy is in force"
            : null;
    }

    private Life? After(Operation operation, ImmutableArray<Node> nodes)
    {
        if (bug == DesignBug.ReaperRequeues && operation.Kind == OperationKind.Reap)
        {
            var grant = operation.Read.Grant! with { UsesLeft = 1 };
            return operation.Read with { State = ActionState.Approved, Grant = grant, Execution = null };
        }

        if (bug == DesignBug.DenyIgnoredAfterApprove && IsDenial(operation) && !operation.Read.Votes.IsEmpty)
        {
            return operation.Read;
        }

        return Lifecycle.Next(operation.Read, Setting.EventOf(operation, nodes, bug, scene.Taker)) is Step.To step
            ? step.Life
            : null;
    }

    private bool IsLegal(World world, Operation operation) => After(operation, world.Nodes) is not null;

    private static World Written(World world, Operation operation, Life life)
    {
        var observer = world.Observer;
        observer = operation.Kind switch
        {
            OperationKind.Vote when IsDenial(operation) => observer with { WasDenied = true },
            OperationKind.Vote => observer.Approved(operation.Who, operation.Shown),
            OperationKind.Claim => observer with { Intents = Math.Min(observer.Intents + 1, 2) },
            OperationKind.Settle => observer with { SaidNothingWasSent = true },
            _ => observer,
        };
        return world with
        {
            Row = life,
            InFlight = [.. world.InFlight.Select(other => other with { IsStale = true })],
            Observer = observer,
        };
    }

    private static World Acknowledged(World world, Operation operation) => operation.Kind switch
    {
        OperationKind.Claim => Hearing(world, operation.Who),
        OperationKind.Report or OperationKind.Settle => Entering(world, operation.Who, NodeStep.Idle),
        _ => world,
    };

    /// <summary>The node knows that the claim which stands in the row is its own.</summary>
    private static World Hearing(World world, int node) => world with
    {
        Nodes = world.Nodes.SetItem(node, world.Nodes[node] with
        {
            Step = NodeStep.Claimed,
            Fence = world.Row.Fence,
            Revision = world.Row.Revision,
        }),
    };

    private World Unacknowledged(World world, Operation operation) => operation.Kind == OperationKind.Claim
        ? Entering(world, operation.Who, NodeStep.Unsure)
        : Entering(
            world,
            operation.Who,
            bug == DesignBug.LostAcknowledgementSentAgain ? NodeStep.Claimed : NodeStep.Sent);

    /// <summary>A node that was told no stands where it stood before it tried.</summary>
    private World Answered(World world, Operation operation) => operation.Kind switch
    {
        OperationKind.Claim when world.Nodes[operation.Who].Step == NodeStep.Claiming =>
            bug == DesignBug.RefusedClaimActs
                ? Hearing(world, operation.Who)
                : Entering(world, operation.Who, NodeStep.Idle),
        OperationKind.Report => Entering(world, operation.Who, NodeStep.Sent),
        _ => world,
    };

    private static Move Sending(World world, int node)
    {
        var state = world.Nodes[node];
        var revision = state.Step == NodeStep.Claiming ? world.Row.Revision : state.Revision;
        var observer = world.Observer with
        {
            Sends = Math.Min(world.Observer.Sends + 1, 2),
            SentRevision = revision,
        };
        var next = Entering(world with { Observer = observer }, node, NodeStep.Sent);
        return new Move($"node {node} sends", next, Judgement.OfSending(world, state, revision));
    }

    private static World Crashed(World world, int node) => world with
    {
        InFlight = [.. world.InFlight.Where(operation => !operation.IsOf(node))],
        Nodes = world.Nodes.SetItem(node, new Node(NodeStep.Idle, world.Nodes[node].Incarnation + 1, 0, 0)),
    };

    private static World Begun(World world, Operation operation) =>
        world with { InFlight = world.InFlight.Add(operation) };

    private static World Entering(World world, int node, NodeStep step)
    {
        var state = world.Nodes[node] with { Step = step };
        return world with
        {
            Nodes = world.Nodes.SetItem(node, step == NodeStep.Idle ? new Node(step, state.Incarnation, 0, 0) : state),
        };
    }

    private static Operation Reading(
        World world, OperationKind kind, int who, int detail = 0, int shown = 0, int channel = 0) =>
        new(kind, who, detail, shown)
        {
            Channel = channel,
            Read = world.Row,
            ReadAt = world.Clock,
            SawStricter = world.IsStricter,
            SawBobLeave = world.HasBobLeft,
        };

    /// <summary>Whether a crash of this node takes anything away.</summary>
    private static bool IsEngaged(World world, int node) =>
        world.Nodes[node].Step != NodeStep.Idle || world.InFlight.Any(operation => operation.IsOf(node));

    private static bool IsBusy(World world, OperationKind kind, int who, int channel) => world.InFlight.Any(
        operation => operation.Kind == kind && operation.Who == who && operation.Channel == channel);

    private static bool IsDenial(Operation operation) =>
        operation.Kind == OperationKind.Vote && (Decision)operation.Detail == Decision.Deny;

    private static string Describe(Operation operation) => operation.Kind switch
    {
        OperationKind.Vote =>
            $"{Setting.Person(operation.Who)}'s {(Decision)operation.Detail} of revision {operation.Shown}" +
            $" in {Setting.Channels[operation.Channel]}",
        OperationKind.Modify => $"{Setting.Person(operation.Who)}'s modification",
        OperationKind.Withdraw => "the agent's withdrawal",
        OperationKind.Overtake => "the start anew",
        OperationKind.TimePasses => "the timer",
        OperationKind.Report => $"node {operation.Who}'s report {(OutcomeState)operation.Detail}",
        OperationKind.Settle => $"node {operation.Who}'s report that nothing was sent",
        OperationKind.Prove => $"node {operation.Who}'s proof of {(OutcomeState)operation.Detail}",
        _ => $"node {operation.Who}'s {operation.Kind}",
    };
}
