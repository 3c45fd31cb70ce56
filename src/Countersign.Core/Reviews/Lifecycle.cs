using System.Collections.Immutable;
using System.Diagnostics;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Policies;

namespace Countersign.Core.Reviews;

/// <summary>
/// Every way an action can go, in one place and without side effects. Production and the model explorer run this same
/// function; what it does not return cannot happen.
/// </summary>
/// <remarks>
/// <code>
/// require ─► pending ─► approved ─► executing ─► succeeded | failed | unknown
/// allow   ─► approved ──┘  │ ▲           │
/// deny    ─► refused       │ └───────────┘ uses left
///            pending  ─► denied | expired | withdrawn | superseded
///            approved ─► expired | withdrawn | superseded
/// </code>
/// </remarks>
public static class Lifecycle
{
    /// <summary>How an action's life begins, by the policy's verdict.</summary>
    public static Step.To Begin(ActionDigest digest, Verdict verdict, DateTimeOffset now)
    {
        var life = new Life { State = ActionState.Refused, Revision = 1, Digest = digest };
        return verdict.Outcome switch
        {
            VerdictOutcome.Deny => To(life with { Delivered = true }, EntryType.ActionRefused),
            VerdictOutcome.Allow => To(
                life with { State = ActionState.Approved, Grant = GrantFor([], now) }, EntryType.ActionRequested),
            VerdictOutcome.Require => To(
                life with { State = ActionState.Pending, Tracks = BeginTracks(verdict.Requirements, now) },
                EntryType.ActionRequested,
                EntryType.ReviewOpened),
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>Where one event leads. Illegal events are refused; the life they met stays as it was.</summary>
    public static Step Next(Life life, LifeEvent happened) => happened switch
    {
        LifeEvent.VoteCast e => OnVote(life, e),
        LifeEvent.GlassBroken e => OnGlassBroken(life, e),
        LifeEvent.Rehearsed e => OnRehearsed(life, e),
        LifeEvent.Modified e => OnModified(life, e),
        LifeEvent.WithdrawnBy => OnWithdrawn(life),
        LifeEvent.Overtaken => OnOvertaken(life),
        LifeEvent.TimePassed e => OnTimePassed(life, e.Now),
        LifeEvent.Claimed e => OnClaimed(life, e),
        LifeEvent.Completed e => OnCompleted(life, e),
        LifeEvent.Reported e => OnReported(life, e),
        LifeEvent.EvidenceLeft e => OnEvidenceLeft(life, e),
        LifeEvent.OwnerLost e => OnOwnerLost(life, e),
        LifeEvent.Delivered e => OnDelivered(life, e),
        _ => throw new UnreachableException(),
    };

    private static Step OnVote(Life life, LifeEvent.VoteCast e)
    {
        if (RefusalOf(life, e) is { } refusal)
        {
            return new Step.Refused(refusal);
        }

        // A deadline may have passed that no timer has noticed yet: the vote meets the review as it stands now.
        if (PassDeadlines(life, e.Vote.At) is not { } current)
        {
            return new Step.Refused(StepRefusal.Expired);
        }

        if (e.Vote.Decision == Decision.Approve && !FitsNow(current, e))
        {
            return new Step.Refused(StepRefusal.NotEligible);
        }

        var voted = current with { Votes = current.Votes.Add(e.Vote) };
        return e.Vote.Decision == Decision.Deny
            ? To(
                voted with { State = ActionState.Denied, DeniedUntil = e.Vote.At + e.DenyFor },
                EntryType.ReviewVote,
                EntryType.ReviewDecided)
            : Count(voted, e.Electorate, e.Vote.At);
    }

    /// <summary>The checks of a vote, in the order in which the API names them (DESIGN section 6.3).</summary>
    private static StepRefusal? RefusalOf(Life life, LifeEvent.VoteCast e)
    {
        var (vote, electorate) = (e.Vote, e.Electorate);
        var approves = vote.Decision == Decision.Approve;
        var inChain = electorate.ActorChain.Contains(vote.Person);
        return 0 switch
        {
            _ when approves && inChain => StepRefusal.SelfApproval,
            _ when !inChain && !electorate.FitsAny(vote.Person) => StepRefusal.NotEligible,
            _ when approves && IsReturned(life, vote, electorate) => StepRefusal.NotEligible,
            _ when approves && IsTooWeak(life, vote, electorate) => StepRefusal.AssuranceTooLow,
            _ when e.Digest != life.Digest => StepRefusal.StaleDigest,
            _ when life.State == ActionState.Expired => StepRefusal.Expired,
            _ when life.State != ActionState.Pending => StepRefusal.AlreadyDecided,
            _ when approves && HasVoted(life, vote) => StepRefusal.AlreadyVoted,
            _ => null,
        };
    }

    private static bool IsTooWeak(Life life, Vote vote, Electorate electorate) =>
        !life.Tracks.Where((track, i) =>
            electorate.FitsTrack(vote.Person, i) && vote.Assurance >= track.Requirement.Assurance).Any();

    /// <summary>Whether it returns an approval, and every rule that would ask this person refuses that.</summary>
    private static bool IsReturned(Life life, Vote vote, Electorate electorate) =>
        !life.Tracks.Where((track, i) =>
            electorate.FitsTrack(vote.Person, i) && !track.Requirement.RefusesReturn(vote.Returns, vote.At)).Any();

    /// <summary>
    /// A person votes once; a stronger proof of the same answer may follow, and still counts as one person.
    /// </summary>
    private static bool HasVoted(Life life, Vote vote) =>
        life.Votes.Any(earlier => earlier.Person == vote.Person && earlier.Assurance >= vote.Assurance);

    private static bool FitsNow(Life life, LifeEvent.VoteCast e) =>
        life.Tracks.Where((track, i) =>
            !track.IsMet
            && track.Requirement.Takes(e.Vote)
            && e.Electorate.MayVote(e.Vote.Person, i, track.Stage)).Any();

    private static Step.To Count(Life life, Electorate electorate, DateTimeOffset now)
    {
        var tracks = life.Tracks
            .Select((track, i) => track.AdvanceTo(Tally.Of(track, i, life.Votes, electorate).Stage, now))
            .ToImmutableArray();
        var counted = life with { Tracks = tracks };
        return tracks.All(track => track.IsMet)
            ? To(
                counted with { State = ActionState.Approved, Grant = GrantFor(tracks, now) },
                EntryType.ReviewVote,
                EntryType.ReviewDecided)
            : To(counted, EntryType.ReviewVote);
    }

    /// <summary>
    /// One person in place of all who were asked: with a signature, never for what they stand behind themselves, for
    /// one use and a short time.
    /// </summary>
    private static Step OnGlassBroken(Life life, LifeEvent.GlassBroken e) => 0 switch
    {
        _ when e.Electorate.ActorChain.Contains(e.Vote.Person) => new Step.Refused(StepRefusal.SelfApproval),
        _ when !e.Electorate.GlassBreakers.Contains(e.Vote.Person) => new Step.Refused(StepRefusal.NotEligible),
        _ when e.Vote.Assurance < Assurance.Passkey => new Step.Refused(StepRefusal.AssuranceTooLow),
        _ when e.Digest != life.Digest => new Step.Refused(StepRefusal.StaleDigest),
        _ when life.State == ActionState.Expired => new Step.Refused(StepRefusal.Expired),
        _ when life.State != ActionState.Pending => new Step.Refused(StepRefusal.AlreadyDecided),
        _ when PassDeadlines(life, e.Vote.At) is null => new Step.Refused(StepRefusal.Expired),
        _ => To(
            life with
            {
                State = ActionState.Approved,
                Votes = life.Votes.Add(e.Vote with { BreaksGlass = true }),
                Grant = new Grant(UsesLeft: 1, e.Vote.At + e.TimeBox),
            },
            EntryType.BreakGlassUsed,
            EntryType.ReviewDecided),
    };

    /// <summary>
    /// A card that says more: it moves nothing. It reaches the target, so whoever stands behind the request may not.
    /// </summary>
    private static Step OnRehearsed(Life life, LifeEvent.Rehearsed e) => 0 switch
    {
        _ when e.Electorate.ActorChain.Contains(e.By) || !e.Electorate.FitsAny(e.By) =>
            new Step.Refused(StepRefusal.NotEligible),
        _ when e.Digest != life.Digest => new Step.Refused(StepRefusal.StaleDigest),
        _ when life.State == ActionState.Expired => new Step.Refused(StepRefusal.Expired),
        _ when life.State != ActionState.Pending => new Step.Refused(StepRefusal.AlreadyDecided),
        _ => To(life, EntryType.ReviewOpened),
    };

    private static Step OnModified(Life life, LifeEvent.Modified e) => 0 switch
    {
        _ when !e.MayModify => new Step.Refused(StepRefusal.NotEligible),
        _ when e.Shown != life.Digest => new Step.Refused(StepRefusal.StaleDigest),
        _ when life.State == ActionState.Expired => new Step.Refused(StepRefusal.Expired),
        _ when life.State != ActionState.Pending => new Step.Refused(StepRefusal.AlreadyDecided),

        // What nobody has to approve is for the verdict, and no revision of a review.
        _ when e.Requirements.IsEmpty => new Step.Refused(StepRefusal.OutOfOrder),

        // A review whose time is over is not revived by changing it.
        _ when PassDeadlines(life, e.At) is null => new Step.Refused(StepRefusal.Expired),
        _ => To(
            life with
            {
                Revision = life.Revision + 1,
                Digest = e.Digest,
                Tracks = BeginTracks(e.Requirements, e.At),
                Votes = [],
                Modifiers = life.Modifiers.Add(e.By),
            },
            EntryType.ReviewModified),
    };

    private static Step OnWithdrawn(Life life) => life.State is ActionState.Pending or ActionState.Approved
        ? To(GivenUp(life, ActionState.Withdrawn), EntryType.ActionWithdrawn)
        : new Step.Refused(life.State.HasEnded() ? StepRefusal.AlreadyDecided : StepRefusal.OutOfOrder);

    private static Step OnOvertaken(Life life) => life.State is ActionState.Pending or ActionState.Approved
        ? To(GivenUp(life, ActionState.Superseded), EntryType.ActionWithdrawn)
        : new Step.Refused(StepRefusal.OutOfOrder);

    /// <summary>
    /// What ran once stays what it was: giving up the uses that are left hides no outcome and keeps nobody from getting
    /// it.
    /// </summary>
    private static Life GivenUp(Life life, ActionState unused) => life.LastOutcome is { } outcome
        ? life with { State = AfterLastUse(outcome) }
        : life with { State = unused, Delivered = true };

    private static Step OnTimePassed(Life life, DateTimeOffset now) => life.State switch
    {
        ActionState.Pending when PassDeadlines(life, now) is not { } escalated =>
            To(life with { State = ActionState.Expired }, EntryType.ReviewExpired),
        ActionState.Pending => To(PassDeadlines(life, now)!),
        ActionState.Approved when now >= life.Grant!.ExpiresAt =>
            To(life with { State = AfterLastUse(life.LastOutcome) }, EntryType.ReviewExpired),

        // Whoever claimed the permit said nothing: it may have been used.
        ActionState.Executing when now >= life.ReportBy =>
            To(Ended(life, OutcomeState.Unknown, now), EntryType.ExecutionOutcome),
        _ => new Step.Refused(StepRefusal.OutOfOrder),
    };

    private static Step OnClaimed(Life life, LifeEvent.Claimed e)
    {
        if (e.Shown is { } shown && shown != life.Digest)
        {
            return new Step.Refused(StepRefusal.StaleDigest);
        }

        if (life.State != ActionState.Approved
            || life.Grant is not { UsesLeft: > 0 } grant
            || (e.After is { } after && after != life.Fence))
        {
            return new Step.Refused(StepRefusal.OutOfOrder);
        }

        if (e.Now >= grant.ExpiresAt)
        {
            return new Step.Refused(StepRefusal.Expired);
        }

        // Policy and membership may have changed since the votes were cast: both are asked again, as of today.
        if (e.IsStricterToday || !StillCounts(life, e.Electorate))
        {
            return new Step.Refused(StepRefusal.ApprovalLapsed);
        }

        return To(
            life with
            {
                State = ActionState.Executing,
                Grant = grant with { UsesLeft = grant.UsesLeft - 1 },
                Fence = life.Fence + 1,
                Execution = new Execution(e.Owner, life.Fence + 1, e.Now),
                ReportBy = e.ReportBy,
                Delivered = false,
            },
            EntryType.ExecutionIntent);
    }

    private static bool StillCounts(Life life, Electorate electorate) => life.Glass is { } glass
        ? electorate.GlassBreakers.Contains(glass.Person)
        : life.Tracks.Where((track, i) => !IsStillMet(life, track, i, electorate)).ToList().Count == 0;

    private static bool IsStillMet(Life life, Track track, int index, Electorate electorate) =>
        Tally.Of(track, index, life.Votes, electorate).Stage >= track.Requirement.Stages.Length;

    private static Step OnCompleted(Life life, LifeEvent.Completed e)
    {
        if (life.State != ActionState.Executing || life.ReportBy is not null)
        {
            return new Step.Refused(StepRefusal.OutOfOrder);
        }

        if (life.Execution!.Fence != e.Fence)
        {
            return new Step.Refused(StepRefusal.StaleFence);
        }

        return To(Ended(life, e.Outcome, e.Now), EntryType.ExecutionOutcome);
    }

    /// <summary>
    /// Once, in time, and about the claim that is open. Who reports has the outcome, so nobody else gets it later.
    /// </summary>
    private static Step OnReported(Life life, LifeEvent.Reported e) => 0 switch
    {
        _ when e.Shown != life.Digest => new Step.Refused(StepRefusal.StaleDigest),
        _ when life is not { State: ActionState.Executing, ReportBy: not null } =>
            new Step.Refused(StepRefusal.OutOfOrder),
        _ when e.Fence is { } fence && fence != life.Fence => new Step.Refused(StepRefusal.StaleFence),
        _ when e.Now >= life.ReportBy => new Step.Refused(StepRefusal.Expired),
        _ => To(Ended(life, e.Outcome, e.Now) with { Delivered = true }, EntryType.ExecutionOutcome),
    };

    /// <summary>An intent that says more: it moves nothing, and is refused once the execution is another one.</summary>
    private static Step OnEvidenceLeft(Life life, LifeEvent.EvidenceLeft e) => IsExecuting(life, e.Fence)
        ? To(life, EntryType.ExecutionIntent)
        : new Step.Refused(StepRefusal.StaleFence);

    private static Step OnOwnerLost(Life life, LifeEvent.OwnerLost e) => IsExecuting(life, e.Fence)
        ? To(Ended(life, e.Outcome, e.Now), EntryType.ExecutionOutcome)
        : new Step.Refused(StepRefusal.StaleFence);

    /// <summary>Whether a node executes it with this fence; a claimed permit has no node that could be lost.</summary>
    private static bool IsExecuting(Life life, long fence) =>
        life is { State: ActionState.Executing, ReportBy: null } && life.Execution!.Fence == fence;

    /// <summary>
    /// An unknown outcome ends the grant: what may have happened must not be done again without people.
    /// </summary>
    private static Life Ended(Life life, OutcomeState outcome, DateTimeOffset now)
    {
        var usable = life.Grant!.UsesLeft > 0 && now < life.Grant.ExpiresAt && outcome != OutcomeState.Unknown;
        return life with
        {
            State = usable ? ActionState.Approved : AfterLastUse(outcome),
            LastOutcome = outcome,
            Execution = null,
            ReportBy = null,
        };
    }

    private static Step OnDelivered(Life life, LifeEvent.Delivered e) =>
        life.Fence == e.Fence && life.State != ActionState.Executing
        && (life.LastOutcome is not null || life.State.HasEnded())
            ? To(life with { Delivered = true })
            : new Step.Refused(StepRefusal.OutOfOrder);

    /// <summary>Escalates what is due; <c>null</c> when a track has nobody left to ask.</summary>
    private static Life? PassDeadlines(Life life, DateTimeOffset now)
    {
        var tracks = life.Tracks.Select(track => track.PassDeadline(now)).ToList();
        return tracks.Contains(null) ? null : life with { Tracks = [.. tracks.OfType<Track>()] };
    }

    private static ImmutableArray<Track> BeginTracks(ImmutableArray<Requirement> requirements, DateTimeOffset now) =>
        [.. requirements.Select(requirement => Track.Begin(requirement, now))];

    /// <summary>Over several tracks the minimum of uses and time holds (DESIGN section 2.3).</summary>
    private static Grant GrantFor(ImmutableArray<Track> tracks, DateTimeOffset now)
    {
        var terms = tracks.Select(track => track.Requirement.Grant).DefaultIfEmpty(GrantTerms.Default).ToList();
        return new Grant(terms.Min(term => term.Uses), now + terms.Min(term => term.TimeToLive));
    }

    private static ActionState AfterLastUse(OutcomeState? outcome) => outcome switch
    {
        OutcomeState.Succeeded => ActionState.Succeeded,
        OutcomeState.Failed => ActionState.Failed,
        OutcomeState.Unknown => ActionState.Unknown,
        null => ActionState.Expired,
        _ => throw new UnreachableException(),
    };

    private static Step.To To(Life life, params ReadOnlySpan<EntryType> entries) => new(life, [.. entries]);
}
