using System.Collections.Immutable;
using Countersign.Gates.Postgres.Statements;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>Where the values of an expression come from, and what evaluating it may tell.</summary>
/// <param name="Columns">Stored columns.</param>
/// <param name="IsPlain">Whether it is one stored column as it is.</param>
internal readonly record struct Sources(ImmutableHashSet<ColumnSource> Columns, bool IsPlain)
{
    public static Sources None { get; } = new([], IsPlain: false);

    public static Sources Unclear { get; } = None with { IsUnclear = true };

    /// <summary>Whether they may come from elsewhere too, where nobody can tell.</summary>
    public bool IsUnclear { get; init; }

    /// <summary>
    /// Whether anything in it may fail for some values (<see cref="Totality"/>): the error would tell about all of the
    /// columns, because which parts are evaluated may depend on any of them.
    /// </summary>
    public bool MayFail { get; init; }

    public Sources With(Sources other, bool isPlain) => new(Columns.Union(other.Columns), isPlain)
    {
        IsUnclear = IsUnclear || other.IsUnclear,
        MayFail = MayFail || other.MayFail,
    };

    /// <summary>Whether another finding says no more than this one, which it never says less than.</summary>
    public bool IsAsMuchAs(Sources other) =>
        Columns.Count == other.Columns.Count && IsUnclear == other.IsUnclear && MayFail == other.MayFail;

    public ImmutableArray<ColumnSource> ToArray() =>
        [.. Columns.OrderBy(column => column.Relation).ThenBy(column => column.Attribute)];

    public SourceSet ToSet() => new(Columns, IsUnclear);
}
