using System.Collections.Concurrent;
using System.Collections.Frozen;

namespace Countersign.Gates.Postgres.Analysis.Catalog;

/// <summary>
/// What came with the server. Only a superuser who edits the system catalog could change it while the server runs, so
/// it is read once.
/// </summary>
internal sealed record BuiltIns(int ServerVersion)
{
    public required FrozenDictionary<uint, BuiltInFunction> Functions { get; init; }

    /// <summary>Names of types as SQL takes them.</summary>
    public required FrozenDictionary<uint, string> Types { get; init; }

    /// <summary>Relations of the server that were asked for once.</summary>
    public ConcurrentDictionary<uint, RelationFacts> Relations { get; } = [];
}

/// <param name="Name">Without its schema.</param>
/// <param name="Volatility"><c>i</c>, <c>s</c> or <c>v</c>.</param>
/// <param name="Signature">Its name and the types that it takes, as <c>substr(text, integer)</c>.</param>
internal readonly record struct BuiltInFunction(string Name, char Volatility, string Signature);
