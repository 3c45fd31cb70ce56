using System.Collections.Immutable;
using Countersign.Core.Redaction;

namespace Countersign.Gates.Postgres.Statements;

/// <summary>One column of a result, and every stored column that its values may come from.</summary>
/// <param name="Name">Its name in the result.</param>
/// <param name="Sources">Where its values come from; through views, functions' arguments and expressions.</param>
/// <param name="IsPlain">Whether it is one stored column as it is, and not something computed.</param>
internal sealed record OutputColumn(string Name, ImmutableArray<ColumnSource> Sources, bool IsPlain)
{
    /// <summary>
    /// Whether its values may come from elsewhere as well, where nobody can tell: code that is not SQL, functions that
    /// read what they are told to, what the server keeps about values.
    /// </summary>
    public bool IsUnclear { get; init; }
}

/// <summary>A stored column; attribute 0 stands for the whole row.</summary>
internal readonly record struct ColumnSource(uint Relation, short Attribute, RelationName Name, string Column)
{
    public bool IsMaskedBy(TargetRedaction redaction) =>
        redaction.Fields.OfColumn(Name.Schema, Name.Name, Column) is not null;
}
