using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Server.Console.Views;

/// <summary>
/// Sorts waiting reviews for one reader: those they can decide first; otherwise they stay in the order they came in.
/// </summary>
internal sealed record QueueComposer(Charter Charter, Func<ActionRecord, VotingRight> RightOf, DateTimeOffset Now)
{
    /// <summary>What its readers see of an action.</summary>
    public required Func<ActionRecord, ShownAction> ShownOf { get; init; }

    public QueueView Compose(IReadOnlyCollection<ActionRecord> pending)
    {
        var lookup = pending.ToLookup(record => RightOf(record).MayApprove, record => ItemOf(ShownOf(record).Record));
        return new QueueView([.. lookup[true]], [.. lookup[false]], Now);
    }

    private QueueItem ItemOf(ActionRecord record) => new()
    {
        Glimpse = GlimpseView.Of(record),
        IsIrreversible = record.Preview is { Reversible: false },
        Id = record.Id.Value,
        Environment = Words.OneLine(record.Environment),
        Headline = Words.Headline(Card.Of(record).Headline),
        Agent = record.Asker.Agent.Value,
        Why = string.Join(" ", record.Verdict.Rules.Select(rule => Words.OneLine(rule.Reason)).Distinct()),
        Progress = ProgressOf(record),
        ExpiresAt = record.Life.ExpiresAt,
    };

    /// <summary>
    /// Track by track, because one vote counts in every track it fits and all of them have to be met.
    /// </summary>
    private string ProgressOf(ActionRecord record)
    {
        var electorate = Electorate.Of(record.Life, record.Asker, Charter.People, Charter.PolicyAuthors);
        var tracks = record.Life.Tracks.Select((track, i) =>
            $"{Tally.Of(track, i, record.Life.Votes, electorate).Have.Sum()} of " +
            $"{track.Requirement.Stages.Sum(stage => stage.Need)}");
        return $"approvals: {string.Join(" and ", tracks)}";
    }
}
