using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Gates.Access;

/// <summary>
/// What an agent is told when people changed what it asked for: what ran, or was tried, what it had asked for, who
/// changed it and why.
/// </summary>
internal static class ChangeText
{
    private const int MostArguments = 2_000;

    public static string Of(ActionRecord record)
    {
        var reasons = record.Changes.Select(change =>
            change.Comment is { Length: > 0 } comment ? $"{change.By.Value}: {comment}" : $"{change.By.Value}.");
        var (ran, next) = record.Outcome is { State: OutcomeState.Failed or OutcomeState.Unknown }
            ? ("was tried", ".")
            : ("ran", "; go on from what ran.");
        return
            $"CHANGED BEFORE IT RAN: people changed the arguments of {record.Id} while they reviewed it. " +
            $"You asked for {Shown(record.Changes[0].Before.ToString())} ; what {ran} is " +
            $"{Shown(record.Action.Arguments.ToString())} . By {string.Join(" ", reasons)} " +
            $"Do not repeat what you asked for{next}";
    }

    private static string Shown(string arguments)
    {
        var shown = DisplayText.OneLine(arguments).Text;
        return shown.Length <= MostArguments ? shown : $"{shown[..MostArguments]}… ({arguments.Length} characters)";
    }
}
