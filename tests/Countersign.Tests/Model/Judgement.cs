using Countersign.Core.Actions;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Model;

/// <summary>
/// The invariants of the product, in the observer's words. They read what really happened, never what the row claims.
/// </summary>
internal static class Judgement
{
    private static readonly int[] MayApprove = [Setting.Alice, Setting.Bob];

    /// <summary>What is wrong with an effect at the moment it leaves; <c>null</c> when nothing is.</summary>
    public static string? OfSending(World world, Node sender, int revision)
    {
        var approvers = MayApprove.Count(person => world.Observer.HasApproved(person, revision));
        var hasOwner = world.Observer.HasApproved(Setting.Olga, revision);
        return 0 switch
        {
            _ when sender.Step == NodeStep.Claiming => "I9: the effect left before its intent was durable",
            _ when world.Observer.Sends > 0 => "I2: the action was sent twice",
            _ when world.Observer.Intents == 0 => "I9: the effect left without a durable intent",
            _ when world.Observer.WasDenied => "I6: the action was sent although somebody had denied it",
            _ when approvers < 2 && hasOwner => "I4: the owner of the agent approved it",
            _ when approvers < 2 && HasApprovedAnything(world, approvers, revision) =>
                "I10: approvals of another revision counted",
            _ when approvers < 2 => "I5: fewer than two persons approved it",
            _ => null,
        };
    }

    /// <summary>What is wrong with a change at the moment it becomes durable.</summary>
    public static string? OfCommit(World world, Operation operation, Life life) => operation.Kind switch
    {
        OperationKind.Claim when Setting.At(world.Clock) >= operation.Read.Grant!.ExpiresAt =>
            "I7: the grant was taken after it had expired",
        OperationKind.Claim when world.IsStricter => "I11: the grant was taken under a stricter policy",
        OperationKind.Claim when operation.SawBobLeave && HasVoted(operation.Read, Setting.Bob) =>
            "I5: the vote of somebody who had left was counted at the claim",
        OperationKind.Prove when (OutcomeState)operation.Detail == OutcomeState.Failed && world.Observer.Sends > 0 =>
            "I18: it was proven to have had no effect, and it had",
        OperationKind.Settle when world.Observer.Sends > 0 => "I18: it was reported as not sent, and it was",
        _ when life.State == ActionState.Succeeded && world.Observer.Sends == 0 =>
            "I18: it was reported as done, and nothing was sent",
        _ when HasCountedTwice(life) => "I5: one person's approval was counted twice",
        _ when life.Revision != world.Row.Revision && !life.Votes.IsEmpty =>
            "I10: a vote undid a modification",
        _ => null,
    };

    private static bool HasApprovedAnything(World world, int approvers, int revision) =>
        approvers + MayApprove.Count(
            person => world.Observer.HasApproved(person, Setting.MaxRevision + 1 - revision)) > 1;

    private static bool HasCountedTwice(Life life) => life.Votes
        .Where(vote => vote.Decision == Decision.Approve)
        .CountBy(vote => vote.Person)
        .Any(of => of.Value > 1);

    private static bool HasVoted(Life life, int person) =>
        life.Votes.Any(vote => vote.Person == Setting.Person(person) && vote.Decision == Decision.Approve);
}
