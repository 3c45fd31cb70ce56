using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Channels;

/// <summary>What every card says in the same words, whatever the channel makes of them.</summary>
internal static class CardWords
{
    private const int MaxComment = 300;

    public static string StateOf(ActionRecord record, Charter today)
    {
        var revision = record.Life.Revision > 1 ? $" · revision {record.Life.Revision}" : "";
        var approvers = record.Life.Votes.Where(vote => vote.Decision == Decision.Approve)
            .Select(vote => Words.Of(vote.Person, today.People)).Distinct().ToList();
        var by = record.State is not (ActionState.Pending or ActionState.Denied) && approvers.Count > 0
            ? $" · approved by {string.Join(", ", approvers)}"
            : "";
        return $"{Words.Of(record.State)}{by}{revision}";
    }

    public static IEnumerable<LabelledText> WhoOf(ActionRecord record, Charter today)
    {
        var owner = today.People.Find(record.Asker.Agent)?.Owner;
        yield return new LabelledText("Agent", owner is null
            ? $"{record.Asker.Agent}, not registered any more"
            : $"{record.Asker.Agent}, owned by {owner}");
        yield return new LabelledText("On behalf of", record.Asker.OnBehalfOf is { } person
            ? Words.Of(person, today.People)
            : "nobody named");
        yield return new LabelledText(
            "Target", $"{record.Action.Target} ({record.Gate.ToText()} gate, via {record.Via.ToText()})");
    }

    /// <param name="vote">The answer.</param>
    /// <param name="today">Whose names are whose.</param>
    /// <param name="alarm">What the channel puts before a broken glass.</param>
    public static string Of(Vote vote, Charter today, string alarm = "")
    {
        var comment = vote.Comment is { Length: > 0 } text
            ? $": {Shortening.Of(Words.OneLine(text), MaxComment)}"
            : "";
        var verb = vote switch
        {
            { BreaksGlass: true } => $"{alarm}Glass broken",
            { Decision: Decision.Approve } => "Approved",
            _ => "Denied",
        };
        return $"{verb} by {Words.Of(vote.Person, today.People)} ({vote.Assurance.ToText()}){comment}";
    }

    public static string OfEnd(ActionRecord record)
    {
        if (record.Outcome is not { } outcome)
        {
            return $"Nothing was executed. {DisplayText.Lines(record.Ending).Text}".Trim();
        }

        var error = outcome.Error is { } text ? $"\n{DisplayText.Lines(text).Text}" : "";
        var sentence = Words.Of(outcome, record.GivesPermit);
        return $"{sentence} ({outcome.Duration.TotalMilliseconds:N0} ms){error}";
    }

    public static string LedgerOf(ActionRecord record) =>
        $"Ledger entry {record.Ledger.Index} under a signed tree of {record.Ledger.Size}";

    /// <summary>A target that left the configuration took its setting along: in doubt it was restricted.</summary>
    public static bool IsForReviewersOnly(ActionRecord record, Charter today) =>
        today.Targets.GetValueOrDefault(record.Action.Target) is not { VisibleToReviewersOnly: false };

    /// <summary>
    /// Whether the agent has something here to be stopped; the gateway is no agent to stop.
    /// </summary>
    public static bool MayBeStopped(ActionRecord record, Charter today) =>
        !record.State.HasEnded() && today.People.Find(record.Asker.Agent) is not null;
}
