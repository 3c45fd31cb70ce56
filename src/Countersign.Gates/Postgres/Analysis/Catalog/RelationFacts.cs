using System.Collections.Immutable;
using Countersign.Gates.Postgres.Statements;

namespace Countersign.Gates.Postgres.Analysis.Catalog;

/// <summary>What the catalog says about a relation, as far as reading it is concerned.</summary>
internal sealed record RelationFacts(uint Oid, string Schema, string Table, char Kind)
{
    public RelationName Name { get; } = new(Schema, Table);

    public ImmutableSortedDictionary<short, string> Columns { get; init; } =
        ImmutableSortedDictionary<short, string>.Empty;

    public ImmutableDictionary<short, uint> Types { get; init; } = ImmutableDictionary<short, uint>.Empty;

    /// <summary>Columns that are computed from others of the same row, and the trees of how.</summary>
    public ImmutableSortedDictionary<short, string> Generated { get; init; } =
        ImmutableSortedDictionary<short, string>.Empty;

    /// <summary>Rules, <c>_RETURN</c> of a view among them.</summary>
    public ImmutableArray<RuleFacts> Rules { get; init; } = [];

    /// <summary>Expressions of its row-level-security policies; empty where security is off.</summary>
    public ImmutableArray<string> Policies { get; init; } = [];

    /// <summary>All relations below it by inheritance and partitioning.</summary>
    public ImmutableArray<uint> Descendants { get; init; } = [];

    /// <summary>All relations above it.</summary>
    public ImmutableArray<uint> Ancestors { get; init; } = [];

    /// <summary>Columns that decide in which part a row lies; 0 stands for an expression.</summary>
    public ImmutableArray<short> PartitionKey { get; init; } = [];

    /// <summary>Whether a view reads with the rights of whoever asks it, not with its owner's.</summary>
    public bool IsSecurityInvoker { get; init; }

    /// <summary>Everything about it that may change what a statement does.</summary>
    public string Definition { get; init; } = "";

    public bool IsBuiltIn => CatalogFacts.IsBuiltIn(Oid);

    public bool IsView => Kind == 'v';

    /// <summary>Whether its rows come, or once came, from a query.</summary>
    public bool HasQuery => Kind is 'v' or 'm';

    /// <summary>A column's number; 0 where there is none of that name.</summary>
    public short Number(string column) => Columns.FirstOrDefault(own => own.Value == column).Key;

    public string Column(int attribute) =>
        $"{Name}.{RelationName.Quoted(Columns.GetValueOrDefault((short)attribute, "*"))}";
}

/// <summary>A rewrite rule (<c>pg_rewrite</c>).</summary>
/// <param name="Name">As in the catalog.</param>
/// <param name="Event">1 SELECT, 2 UPDATE, 3 INSERT, 4 DELETE.</param>
/// <param name="IsInstead">Whether it replaces the statement.</param>
/// <param name="Condition">Its WHERE as tree.</param>
/// <param name="Actions">What it does as tree.</param>
internal sealed record RuleFacts(string Name, char Event, bool IsInstead, string Condition, string Actions);
