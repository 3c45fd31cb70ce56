using System.Globalization;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;

namespace Countersign.Core.Reviews;

/// <summary>What a person may do about an action, and the reason in words when they may not approve.</summary>
public sealed record VotingRight(bool MayApprove, bool MayDeny, string? WhyNot)
{
    public static VotingRight Of(
        PersonId person, ActionRecord record, Electorate electorate, FavoursNow favours)
    {
        var life = record.Life;
        var mayDeny = life.State == ActionState.Pending
            && (electorate.ActorChain.Contains(person) || electorate.FitsAny(person));
        var whyNot = WhyNotApprove(person, life, electorate, favours);
        return new VotingRight(whyNot is null, mayDeny, whyNot);
    }

    private static string? WhyNotApprove(
        PersonId person, Life life, Electorate electorate, FavoursNow favours) => 0 switch
    {
        _ when life.State != ActionState.Pending =>
            $"The action's state is '{life.State.ToText()}'; there is nothing to decide.",
        _ when electorate.ActorChain.Contains(person) =>
            "You stand behind this request: you asked for it, own the agent or changed it. Somebody else has to " +
            $"approve it. {WhoCan(life, electorate, favours)} You may deny it.",
        _ when !electorate.FitsAny(person) && electorate.Waiting.GetValueOrDefault(person) is { } young =>
            $"{YoungText(young)} {WhoCan(life, electorate, favours)}",
        _ when !electorate.FitsAny(person) && electorate.Uncertain.Contains(person) =>
            "Which groups you are in says your identity provider, and it has not said so lately. Sign in with it, " +
            $"then answer. {WhoCan(life, electorate, favours)}",
        _ when !electorate.FitsAny(person) => $"You are not among its reviewers. {WhoCan(life, electorate, favours)}",
        _ when HasVotedEnough(person, life, electorate) => "You have voted on this revision.",
        _ when !FitsOpenStage(person, life, electorate) =>
            $"Your turn comes in a later stage. {WhoCan(life, electorate, favours)}",
        _ when !TakesNow(person, life, electorate, favours) =>
            $"{ReturnText(favours.FindOwed(person, electorate)!)} {WhoCan(life, electorate, favours)} " +
            "You may deny it.",
        _ => null,
    };

    private static string YoungText(YoungMembership young) =>
        $"You are in {new Party.OfGroup(young.Membership.Group)} since {Clock(young.Membership.Since)}, and count as " +
        $"a reviewer there from {Clock(young.CountsFrom)} on.";

    private static string Clock(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static string ReturnText(Favour owed) =>
        $"{owed.By}, who stands behind this request, approved one of yours lately ({owed.Action}), and a rule takes " +
        "no approval in return so soon. Somebody else has to approve it.";

    /// <summary>Whether a track that asks this person now takes an approval that returns what they owe.</summary>
    private static bool TakesNow(PersonId person, Life life, Electorate electorate, FavoursNow favours) =>
        life.Tracks.Where((track, i) => !track.IsMet
            && electorate.MayVote(person, i, track.Stage)
            && favours.IsTakenBy(track, person, electorate)).Any();

    /// <summary>
    /// Whether another vote would change nothing: a stronger one counts where an earlier was too weak.
    /// </summary>
    private static bool HasVotedEnough(PersonId person, Life life, Electorate electorate) =>
        life.Votes.Any(vote => vote.Person == person)
        && life.Tracks.Where((track, i) => !track.IsMet && electorate.MayVote(person, i, track.Stage))
            .All(track => track.Counts(person, life.Votes));

    private static bool FitsOpenStage(PersonId person, Life life, Electorate electorate) =>
        life.Tracks.Where((track, i) => !track.IsMet && electorate.MayVote(person, i, track.Stage)).Any();

    private static string WhoCan(Life life, Electorate electorate, FavoursNow favours)
    {
        var names = life.Tracks
            .SelectMany((track, i) => track.IsMet
                ? []
                : electorate.At(i, track.Stage).Where(candidate =>
                    !track.Counts(candidate, life.Votes) && favours.IsTakenBy(track, candidate, electorate)))
            .Select(candidate => candidate.Value)
            .Distinct()
            .Order(StringComparer.Ordinal)
            .ToList();
        return names.Count == 0
            ? "Nobody who is registered can approve it now."
            : $"These people can: {string.Join(", ", names)}.";
    }
}
