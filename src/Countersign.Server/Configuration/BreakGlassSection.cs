using Countersign.Core.Policies.Documents;

namespace Countersign.Server.Configuration;

/// <summary>How the glass may be broken.</summary>
/// <param name="TimeBox">How long what it allows may be used.</param>
/// <param name="ReviewWithin">Until when somebody else has to have looked at it.</param>
internal sealed record BreakGlassSettings(TimeSpan TimeBox, TimeSpan ReviewWithin);

/// <summary>Reads <c>break_glass:</c>; without it there is no way in beside the review.</summary>
internal sealed class BreakGlassSection(Section section)
{
    private static readonly TimeSpan LongestTimeBox = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestReview = TimeSpan.FromDays(7);
    private static readonly string[] Keys = ["time_box", "review_within"];

    public BreakGlassSettings? Read(Fields root)
    {
        if (root.Find("break_glass") is not { } node
            || Fields.Of(node, "break_glass", Keys, section.Errors) is not { } fields)
        {
            return null;
        }

        return new BreakGlassSettings(
            DurationOf(fields, "time_box", LongestTimeBox) ?? TimeSpan.FromMinutes(15),
            DurationOf(fields, "review_within", LongestReview) ?? TimeSpan.FromDays(1));
    }

    private TimeSpan? DurationOf(Fields fields, string key, TimeSpan most) =>
        fields.Find(key) is { } node ? Values.Duration(node, key, most, section.Errors) : null;
}
