using System.Collections.Immutable;

namespace Countersign.Gates.Postgres.Statements;

/// <summary>One column of a result, and every stored column that its values may come from.</summary>
/// <param name="Name">Its name in the result.</param>
/// <param name="Sources">Where its values come from; through views, functions' arguments and expressions.</param>
/// <param name="IsPlain">Whether it is one stored column as it is, and not something computed.</param>
internal sealed record OutputColumn(string Name, ImmutableArray<ColumnSource> Sources, bool IsPlain);

/// <summary>A stored column; attribute 0 stands for the whole row.</summary>
internal readonly record struct ColumnSource(uint Relation, short Attribute, RelationName Name, string Column);
