using System.Collections.Immutable;
using Countersign.Gates.Postgres.Statements;

namespace Countersign.Gates.Postgres.Analysis.Catalog;

/// <summary>What the catalog says about a function that came after the server itself.</summary>
internal sealed record FunctionFacts(uint Oid, string Schema, string Function, string Language)
{
    public string Name { get; } = new RelationName(Schema, Function).Text;

    /// <summary><c>i</c>, <c>s</c> or <c>v</c>, as its maker claims.</summary>
    public char Volatility { get; init; }

    public bool IsSecurityDefiner { get; init; }

    /// <summary>Its body as tree, where it was made with <c>BEGIN ATOMIC</c> or <c>RETURN</c>.</summary>
    public string? Tree { get; init; }

    /// <summary>Its body as text.</summary>
    public string Source { get; init; } = "";

    /// <summary>Names and types of its arguments, as <c>CREATE FUNCTION</c> takes them.</summary>
    public string Arguments { get; init; } = "";

    /// <summary>The search path that it sets for itself.</summary>
    public string? SearchPath { get; init; }

    /// <summary>The extension that it belongs to.</summary>
    public string? Extension { get; init; }

    /// <summary>What an aggregate or a planner calls in its stead or beside it.</summary>
    public ImmutableArray<uint> Supports { get; init; } = [];

    public bool IsAggregate { get; init; }

    public string Definition { get; init; } = "";
}

/// <summary>A type that came after the server itself.</summary>
/// <param name="Oid">The type.</param>
/// <param name="Name">Schema and name.</param>
internal sealed record TypeFacts(uint Oid, string Name)
{
    /// <summary>Types that its values are made of.</summary>
    public ImmutableArray<uint> Parts { get; init; } = [];

    /// <summary>Functions that read and write its values.</summary>
    public ImmutableArray<uint> Functions { get; init; } = [];

    /// <summary>A domain's CHECKs as trees.</summary>
    public ImmutableArray<string> Checks { get; init; } = [];

    public string Definition { get; init; } = "";
}

/// <summary>An operator that came after the server itself, and the functions of its operator families.</summary>
internal sealed record OperatorFacts(uint Oid, ImmutableArray<uint> Functions, string Definition);
