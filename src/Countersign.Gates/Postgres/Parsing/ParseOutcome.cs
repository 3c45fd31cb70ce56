using System.Collections.Immutable;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>What is known of a text without asking the database.</summary>
internal abstract record ParseOutcome
{
    private ParseOutcome() { }

    /// <summary>Its statements, each with its range; none when there is nothing but space and semicolons.</summary>
    public sealed record List(ImmutableArray<Parsed> Statements) : ParseOutcome;

    public sealed record Refused(SqlFault Fault) : ParseOutcome;
}
