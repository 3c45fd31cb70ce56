using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Records;

namespace Countersign.Server.Console.Views;

/// <summary>
/// Says what the action would do, as far as its gate found out, before anybody reads a single argument.
/// </summary>
internal static class EffectLines
{
    /// <param name="record">The action.</param>
    /// <param name="isFirst">Whether this agent asked for this operation before; <c>null</c> when it was not looked
    /// up.</param>
    public static ImmutableArray<LabelledText> Of(ActionRecord record, bool? isFirst) => Of(record.Preview, isFirst);

    /// <summary>The same of a preview alone.</summary>
    public static ImmutableArray<LabelledText> Of(Preview? preview, bool? isFirst)
    {
        var lines = ImmutableArray.CreateBuilder<LabelledText>();
        if (preview is not null)
        {
            AddPreview(lines, preview);
        }
        else
        {
            lines.Add(new LabelledText("Effect", "No preview: the gate cannot tell without doing it."));
        }

        lines.Add(Reversibility(preview?.Reversible));
        if (isFirst is { } first)
        {
            var text = first ? "Yes: this agent has not asked for this operation here before" : "No";
            lines.Add(new LabelledText("First time?", text) { Warns = first });
        }

        return lines.ToImmutable();
    }

    private static void AddPreview(ImmutableArray<LabelledText>.Builder lines, Preview preview)
    {
        if (preview.Summary.Length > 0)
        {
            lines.Add(new LabelledText("Effect", Words.OneLine(preview.Summary)));
        }

        if (preview.Statement is { } statement)
        {
            lines.Add(new LabelledText("Statement", Words.OneLine(statement)));
            lines.AddRange(preview.Parameters.Select(one => new LabelledText("Parameter", Words.OneLine(one))));
        }

        if (preview.Rows is { } rows)
        {
            var how = preview.Exact == true ? $"{rows:N0}, counted" : $"about {rows:N0}, estimated";
            lines.Add(new LabelledText("Rows", how));
        }

        lines.AddRange((preview.Cascades ?? []).Select(cascade => new LabelledText(
            "Goes along", $"{cascade.Rows:N0} rows of {Words.OneLine(cascade.Relation)}") { Warns = true }));
        lines.AddRange(preview.Effects.Select(effect => new LabelledText("Also", Words.OneLine(effect))));
        lines.AddRange(preview.Locks.Select(held => new LabelledText("Locks", Words.OneLine(held))));
        if (preview.Error is { } error)
        {
            lines.Add(new LabelledText("Preview", $"Unavailable: {Words.OneLine(error)}") { Warns = true });
        }
    }

    private static LabelledText Reversibility(bool? reversible) => reversible switch
    {
        true => new LabelledText("Reversible?", "Yes"),
        false => new LabelledText("Reversible?", "No, it cannot be undone") { Warns = true },
        null => new LabelledText("Reversible?", "Unknown"),
    };
}
