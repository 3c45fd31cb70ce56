using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Server.Console.Views;

/// <summary>Says how far each rule's requirement is, who can still act, and what happens at its deadline.</summary>
internal sealed class TrackLines(ActionRecord record, Charter charter)
{
    private readonly Electorate _electorate =
        Electorate.Of(record.Life, record.Asker, charter.People, charter.PolicyAuthors);

    public ImmutableArray<TrackView> Compose() => [.. record.Life.Tracks.Select((track, index) => new TrackView(
        track.Requirement.Rule.Value,
        track.Requirement.Assurance.ToText(),
        StagesOf(track, index)))];

    private ImmutableArray<StageView> StagesOf(Track track, int index)
    {
        var tally = Tally.Of(track, index, record.Life.Votes, _electorate);
        return [.. track.Requirement.Stages.Select((stage, i) => StageOf(track, index, i, tally.Have[i]))];
    }

    private StageView StageOf(Track track, int index, int at, int have)
    {
        var stage = track.Requirement.Stages[at];
        var isAsked = record.State == ActionState.Pending && at == track.Stage;
        var look = at < track.Stage ? "met" : isAsked ? "asked" : "later";
        return new StageView(
            look,
            Sentence(stage, look == "met" ? stage.Need : have, isAsked && track.Escalated),
            isAsked ? WhoCanAct(index, at) : [],
            isAsked ? track.Deadline : null,
            !track.Escalated && !stage.Escalate.IsEmpty ? $"then {Parties(stage.Escalate)} are asked too" : "then it expires");
    }

    private static string Sentence(Stage stage, int have, bool escalated)
    {
        var of = Parties(stage.Of) + (escalated ? $", and now {Parties(stage.Escalate)}" : "");
        return have >= stage.Need
            ? $"{have} of {stage.Need} approved ({of})"
            : $"{have} of {stage.Need} approved, {stage.Need - have} more from {of}";
    }

    private static string Parties(ImmutableArray<Core.Identity.Party> parties) => string.Join(" or ", parties);

    private ImmutableArray<string> WhoCanAct(int track, int stage) =>
    [
        .. _electorate.At(track, stage)
            .Where(person => record.Life.Votes.All(vote => vote.Person != person))
            .Select(person => Words.Of(person, charter.People))
            .Order(StringComparer.Ordinal),
    ];
}
