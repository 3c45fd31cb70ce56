using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
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
        var look = LookOf(track, at, isAsked);
        return new StageView(
            look,
            SentenceOf(stage, look, have, isAsked && track.Escalated),
            isAsked ? WhoCanAct(track, index) : [],
            isAsked ? track.Deadline : null,
            track.Escalated || stage.Escalate.IsEmpty
                ? "then it expires"
                : $"then {Parties(stage.Escalate)} are asked too");
    }

    private string LookOf(Track track, int at, bool isAsked) => 0 switch
    {
        _ when at < track.Stage => "met",
        _ when isAsked => "asked",
        _ when record.State == ActionState.Pending => "later",
        _ => "over",
    };

    private static string SentenceOf(Stage stage, string look, int have, bool escalated)
    {
        var of = Parties(stage.Of) + (escalated ? $", and now {Parties(stage.Escalate)}" : "");
        return look switch
        {
            "met" => $"{stage.Need} of {stage.Need} approved ({of})",
            "over" => $"{have} of {stage.Need} approved ({of})",
            _ => $"{have} of {stage.Need} approved, {stage.Need - have} more from {of}",
        };
    }

    private static string Parties(ImmutableArray<Party> parties) => string.Join(" or ", parties);

    /// <summary>Whoever voted too weakly for this track is still asked: a stronger vote would count.</summary>
    private ImmutableArray<string> WhoCanAct(Track track, int index) =>
    [
        .. _electorate.At(index, track.Stage)
            .Where(person => !track.Counts(person, record.Life.Votes))
            .Select(person => Words.Of(person, charter.People))
            .Order(StringComparer.Ordinal),
    ];
}
