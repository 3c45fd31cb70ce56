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

internal readonly record struct BuiltInFunction(string Name, char Volatility);
