using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Gates.Access;

/// <summary>
/// What an agent is told of a request that did not run: whether anything was executed, and what to do next.
/// </summary>
internal static class EndText
{
    public static string WhyNotRun(ActionRecord record) => record.State switch
    {
        ActionState.Refused => Sentences(
            $"REFUSED {record.Id} by policy; nothing was executed.",
            record.Ending,
            record.Nearest?.ToString(),
            "Repeating the same call changes nothing."),
        ActionState.Denied => Denied(record),
        ActionState.Expired =>
            $"EXPIRED {record.Id}; nothing was executed. {record.Ending} Repeating the call asks again.",
        ActionState.Withdrawn => $"WITHDRAWN {record.Id}; nothing was executed. {record.Ending}",
        ActionState.Superseded => $"SUPERSEDED {record.Id}; nothing was executed. {record.Ending} Repeat the call.",
        ActionState.Pending => $"PENDING APPROVAL {record.Id}; nothing has been executed.",
        ActionState.Approved =>
            $"APPROVED {record.Id}; nothing has been executed yet. Repeat exactly the same call now to execute it.",
        ActionState.Executing => $"EXECUTING {record.Id}: the call is running; ask again for its outcome.",
        _ => $"{record.State.ToText()} {record.Id}. {record.Ending}",
    };

    private static string Denied(ActionRecord record)
    {
        var text = new StringBuilder($"DENIED {record.Id}; nothing was executed. {record.Ending}");
        var approvals = record.Life.Votes.Where(vote => vote.Decision == Decision.Approve);
        foreach (var vote in approvals.Where(vote => vote.Comment is { Length: > 0 }))
        {
            text.Append($" {vote.Person} had approved with the comment: {vote.Comment}.");
        }

        text.Append($" It needed approval because of {RulesOf(record)}");
        if (record.Life.DeniedUntil is { } until)
        {
            text.Append(
                $" The same call gets this answer until {until:yyyy-MM-ddTHH:mm:ssZ}; do something else instead.");
        }

        return text.ToString();
    }

    /// <summary>Those that say something, one after the other.</summary>
    public static string Sentences(params IEnumerable<string?> texts) =>
        string.Join(' ', texts.Where(text => !string.IsNullOrEmpty(text)));

    private static string RulesOf(ActionRecord record) =>
        string.Join(" ", record.Verdict.Rules.Select(rule => $"rule '{rule.Id}': {rule.Reason}"));
}
