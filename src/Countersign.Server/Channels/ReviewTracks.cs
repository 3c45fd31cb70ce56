using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Channels;

/// <summary>How far a review is, who can still act, and what a click in a chat is worth to it.</summary>
internal sealed class ReviewTracks(ActionRecord record, Charter charter)
{
    private readonly Electorate _electorate =
        Electorate.Of(record.Life, record.Asker, charter.People, charter.PolicyAuthors);

    /// <summary>The strongest proof a click can be.</summary>
    public const Assurance Worth = Assurance.Chat;

    /// <summary>Whether any rule that is still open takes an approval from here.</summary>
    public bool TakesApproval => record.State == ActionState.Pending
        && record.Life.Tracks.Any(track => !track.IsMet && track.Requirement.Assurance <= Worth);

    /// <summary>The weakest sign-in with which somebody can approve; <c>null</c> when nothing is open.</summary>
    public Assurance? Needed => record.Life.Tracks
        .Where(track => !track.IsMet)
        .Min(track => (Assurance?)track.Requirement.Assurance);

    /// <summary>Who was not heard yet and is asked right now, by any rule that is still open.</summary>
    public ImmutableHashSet<PersonId> CanAct => record.State == ActionState.Pending
        ? [.. record.Life.Tracks.SelectMany((track, index) => track.IsMet ? [] : Unheard(track, index))]
        : [];

    public ImmutableArray<string> Compose() => [.. record.Life.Tracks.Select(LineOf)];

    private string LineOf(Track track, int index)
    {
        var name = track.Requirement.Rule.Value;
        var total = track.Requirement.Stages.Length;
        if (track.IsMet)
        {
            return $"{name}: met";
        }

        var stage = track.CurrentStage;
        var have = Tally.Of(track, index, record.Life.Votes, _electorate).Have[track.Stage];
        var where = total > 1 ? $"stage {track.Stage + 1} of {total}, " : "";
        if (record.State != ActionState.Pending)
        {
            return $"{name}: {where}{have} of {stage.Need}";
        }

        var of = Parties(stage.Of) + (track.Escalated ? $", and now {Parties(stage.Escalate)}" : "");
        return $"{name}: {where}{have} of {stage.Need}, still needed: {stage.Need - have} of {of}\n" +
            $"Can act: {WhoCanAct(track, index)}\n{DeadlineOf(track, stage)}";
    }

    private string WhoCanAct(Track track, int index)
    {
        var names = Unheard(track, index)
            .Select(person => Words.Of(person, charter.People))
            .Order(StringComparer.Ordinal)
            .ToList();
        return names.Count == 0 ? "nobody who is registered" : string.Join(", ", names);
    }

    private IEnumerable<PersonId> Unheard(Track track, int index) =>
        _electorate.At(index, track.Stage).Where(person => !track.Counts(person, record.Life.Votes));

    private static string DeadlineOf(Track track, Stage stage) => track.Escalated || stage.Escalate.IsEmpty
        ? $"Expires {Words.Clock(track.Deadline)}"
        : $"Until {Words.Clock(track.Deadline)}, then {Parties(stage.Escalate)} are asked too";

    private static string Parties(ImmutableArray<Party> parties) => string.Join(" or ", parties);
}
