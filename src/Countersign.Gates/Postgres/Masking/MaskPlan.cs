using System.Collections.Immutable;
using Countersign.Core.Redaction;
using Countersign.Gates.Postgres.Statements;

namespace Countersign.Gates.Postgres.Masking;

/// <summary>What becomes of the columns of one result.</summary>
/// <param name="Columns">The treatment of each, in their order; <c>null</c> where no rule names one.</param>
/// <param name="Rest">
/// The treatment of columns of a result that has another number of them; <c>null</c> lets them pass.
/// </param>
internal sealed record MaskPlan(ImmutableArray<Treatment?> Columns, Treatment? Rest)
{
    /// <summary>Where the values come from nobody knows, so that any of them may be one that is masked.</summary>
    public static MaskPlan Everything { get; } = new([], Treatment.Redact);

    /// <summary>There are no stored values in it, whatever its columns are.</summary>
    public static MaskPlan Nothing { get; } = new([], Rest: null);

    /// <summary>Whether no column of what was foreseen is masked.</summary>
    public bool PassesAll => Columns.All(static treatment => treatment is null) && (Rest is null || !Columns.IsEmpty);

    /// <summary>The treatments of a result that has this many columns.</summary>
    public Treatment? Of(int column, int count) => count == Columns.Length ? Columns[column] : Rest;

    /// <summary>
    /// By provenance: a column with any source that a rule names is masked, and so is one whose values may come from
    /// anywhere. What is computed of such a value gets nothing but the plain mask, because a part, a hash or a token of
    /// what was computed would tell what was computed.
    /// </summary>
    public static MaskPlan Of(Effects effects, TargetRedaction redaction)
    {
        if (redaction.Fields.IsEmpty)
        {
            return Nothing;
        }

        return effects.Opaque is not null || effects.HasUnclearOutput
            ? Everything
            : new MaskPlan(
                [.. effects.Output.Select(column => TreatmentOf(column, redaction))], Rest: Treatment.Redact);
    }

    private static Treatment? TreatmentOf(OutputColumn column, TargetRedaction redaction)
    {
        Treatment? strictest = null;
        foreach (var source in column.Sources)
        {
            if (redaction.Fields.OfColumn(source.Name.Schema, source.Name.Name, source.Column) is { } treatment)
            {
                strictest = strictest is null ? treatment : ColumnRedactor.Stricter(strictest, treatment);
            }
        }

        return column switch
        {
            { IsUnclear: true } => ColumnRedactor.Stricter(strictest ?? Treatment.Redact, Treatment.Redact),
            _ when strictest is null => null,
            { IsPlain: false } => ColumnRedactor.Stricter(strictest, Treatment.Redact),
            _ => strictest,
        };
    }
}
