using System.Collections.Immutable;
using Countersign.Core.Redaction;

namespace Countersign.Gates.Postgres.Statements;

/// <summary>Stored columns whose values something depends on.</summary>
/// <param name="Columns">Those that are known.</param>
/// <param name="IsUnclear">Whether there may be others, which nobody can tell.</param>
internal sealed record SourceSet(ImmutableHashSet<ColumnSource> Columns, bool IsUnclear)
{
    public static SourceSet None { get; } = new([], IsUnclear: false);

    public bool IsEmpty => Columns.IsEmpty && !IsUnclear;

    public SourceSet With(SourceSet other) => other.IsEmpty ? this
        : IsEmpty ? other
        : new SourceSet(Columns.Union(other.Columns), IsUnclear || other.IsUnclear);

    /// <summary>Whether any of them is masked; in doubt it is.</summary>
    public bool IsMaskedBy(TargetRedaction redaction) =>
        !redaction.Fields.IsEmpty && (IsUnclear || Columns.Any(column => column.IsMaskedBy(redaction)));
}
