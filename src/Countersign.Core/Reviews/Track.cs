using System.Collections.Immutable;
using Countersign.Core.Identity;

namespace Countersign.Core.Reviews;

/// <summary>
/// The way one rule's requirement is going: which stage is asked, until when, and whether it escalated.
/// </summary>
/// <param name="Requirement">What the rule demands.</param>
/// <param name="Stage">Index of the stage that is asked; the number of stages once all are met.</param>
/// <param name="Escalated">Whether the present stage's deadline passed once and its escalation is asked too.</param>
/// <param name="Deadline">When the present stage escalates or expires.</param>
public sealed record Track(Requirement Requirement, int Stage, bool Escalated, DateTimeOffset Deadline)
{
    /// <summary>How many stages have a bit. One behind them never counts its escalation once it is over.</summary>
    private const int MostMarked = 31;

    /// <summary>
    /// A bit for each past stage that was met while its escalation was asked. Only those keep the votes of whom the
    /// escalation asks: in a stage that nobody escalated, such a vote never counted (THR-011).
    /// </summary>
    public int EscalatedStages { get; init; }

    public bool IsMet => Stage >= Requirement.Stages.Length;

    public Stage CurrentStage => Requirement.Stages[Stage];

    /// <summary>
    /// When its last stage expires at the latest: every stage that is still to come begins when the one before it ends.
    /// </summary>
    public DateTimeOffset LatestEnd => IsMet
        ? Deadline
        : Requirement.Stages.Skip(Stage + 1).Aggregate(ExpiresAt, static (end, stage) => end + stage.Longest);

    private bool CanEscalate => !Escalated && !CurrentStage.Escalate.IsEmpty;

    /// <summary>
    /// When the review expires if nobody does anything: the escalation's time counts when it is still to come.
    /// </summary>
    public DateTimeOffset ExpiresAt => CanEscalate ? Deadline + CurrentStage.Within : Deadline;

    /// <summary>Whether the escalation of a stage is asked, or was when the stage was met.</summary>
    public bool HasEscalated(int stage) =>
        stage < Stage
            ? stage < MostMarked && (EscalatedStages & (1 << stage)) != 0
            : stage == Stage && Escalated;

    /// <summary>Whether somebody has a vote that this rule takes.</summary>
    public bool Counts(PersonId person, ImmutableArray<Vote> votes) =>
        votes.Any(vote => vote.Person == person && Requirement.Takes(vote));

    public static Track Begin(Requirement requirement, DateTimeOffset now) =>
        new(requirement, Stage: 0, Escalated: false, now + requirement.Stages[0].Within);

    /// <summary>Moves to the stage that the tally reached; each stage starts its own clock.</summary>
    public Track AdvanceTo(int stage, DateTimeOffset now)
    {
        if (stage <= Stage)
        {
            return this;
        }

        var within = stage < Requirement.Stages.Length ? Requirement.Stages[stage].Within : TimeSpan.Zero;
        var escalated = Escalated && Stage < MostMarked ? EscalatedStages | (1 << Stage) : EscalatedStages;
        return this with
        {
            Stage = stage, Escalated = false, EscalatedStages = escalated, Deadline = now + within,
        };
    }

    /// <summary>Lets a due deadline escalate the stage; <c>null</c> when there is nobody left to ask.</summary>
    public Track? PassDeadline(DateTimeOffset now)
    {
        if (IsMet || now < Deadline)
        {
            return this;
        }

        var next = this with { Escalated = true, Deadline = Deadline + CurrentStage.Within };
        return CanEscalate && now < next.Deadline ? next : null;
    }
}
