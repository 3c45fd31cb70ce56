using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;

namespace Countersign.Core.Reviews;

/// <summary>
/// What can happen to an action. Every event carries the facts it needs, so that the lifecycle reads no clock.
/// </summary>
public abstract record LifeEvent
{
    private LifeEvent()
    {
    }

    /// <summary>A person answered; <c>Digest</c> is what they were shown.</summary>
    public sealed record VoteCast(Vote Vote, ActionDigest Digest, Electorate Electorate, TimeSpan DenyFor) : LifeEvent;

    /// <summary>
    /// A person approved alone, in an emergency; what they made of it ends after <c>TimeBox</c>.
    /// </summary>
    public sealed record GlassBroken(Vote Vote, ActionDigest Digest, Electorate Electorate, TimeSpan TimeBox)
        : LifeEvent;

    /// <summary>
    /// A person wants to see, or has seen, what comes of it when it is run and taken back; <c>Digest</c> is what they
    /// were shown.
    /// </summary>
    public sealed record Rehearsed(PersonId By, ActionDigest Digest, Electorate Electorate) : LifeEvent;

    /// <summary>
    /// A person changed the arguments: a new revision that policy has already judged. <c>Shown</c> is the digest of the
    /// one that they were shown; <c>MayModify</c> says whether they are among its reviewers.
    /// </summary>
    public sealed record Modified(
        PersonId By,
        bool MayModify,
        ActionDigest Shown,
        ActionDigest Digest,
        ImmutableArray<Requirement> Requirements,
        DateTimeOffset At) : LifeEvent;

    public sealed record WithdrawnBy(string Who) : LifeEvent;

    /// <summary>The call starts again: the policy became stricter, or an approval no longer holds.</summary>
    public sealed record Overtaken(string Reason) : LifeEvent;

    /// <summary>A timer looked at the action.</summary>
    public sealed record TimePassed(DateTimeOffset Now) : LifeEvent;

    /// <summary>A taker wants to execute; eligibility is counted again with today's people.</summary>
    public sealed record Claimed(NodeId Owner, DateTimeOffset Now, Electorate Electorate) : LifeEvent
    {
        /// <summary>Whether today's verdict is stricter than the one that people approved under.</summary>
        public bool IsStricterToday { get; init; }

        /// <summary>
        /// The fence that the taker has seen: whoever takes one use may not take the next one by accident;
        /// <c>null</c> takes whatever is left.
        /// </summary>
        public long? After { get; init; }

        /// <summary>The digest that the taker means; <c>null</c> takes what stands there.</summary>
        public ActionDigest? Shown { get; init; }

        /// <summary>
        /// Of a permit: until when its taker may say what became of it; <c>null</c> when a node executes.
        /// </summary>
        public DateTimeOffset? ReportBy { get; init; }
    }

    /// <summary>
    /// Who claimed a permit says what became of it; <c>Fence</c> is the claim that is meant, <c>null</c> the one that
    /// is open.
    /// </summary>
    public sealed record Reported(ActionDigest Shown, long? Fence, OutcomeState Outcome, DateTimeOffset Now)
        : LifeEvent;

    public sealed record Completed(long Fence, OutcomeState Outcome, DateTimeOffset Now) : LifeEvent;

    /// <summary>The execution with this fence noted what its target can be asked with.</summary>
    public sealed record EvidenceLeft(long Fence) : LifeEvent;

    /// <summary>
    /// The node that executed is gone; <c>Outcome</c> is what the target proves, or unknown when nobody can say.
    /// </summary>
    public sealed record OwnerLost(long Fence, OutcomeState Outcome, DateTimeOffset Now) : LifeEvent;

    /// <summary>The outcome of the execution with this fence reached a caller.</summary>
    public sealed record Delivered(long Fence) : LifeEvent;
}
