using System.Collections.Concurrent;

namespace Countersign.Gates.Postgres.Analysis.Catalog;

/// <summary>
/// What analyses learned from the catalog while it was at one version, so that the next statement over the same
/// relations costs no question to it. It is for reads only: a write asks the catalog itself.
/// </summary>
internal sealed class KnownFacts(CatalogVersion version)
{
    /// <summary>Definitions of a kind that are kept; others are asked for each time.</summary>
    private const int MostOfAKind = 10_000;

    public CatalogVersion Version => version;

    public ConcurrentDictionary<uint, RelationFacts> Relations { get; } = [];

    public ConcurrentDictionary<uint, FunctionFacts> Functions { get; } = [];

    public ConcurrentDictionary<uint, TypeFacts> Types { get; } = [];

    public ConcurrentDictionary<uint, OperatorFacts> Operators { get; } = [];

    /// <summary>Keeps what one analysis learned.</summary>
    public void Keep(CatalogFacts learned)
    {
        Keep(learned.Relations, Relations);
        Keep(learned.Functions, Functions);
        Keep(learned.Types, Types);
        Keep(learned.Operators, Operators);
    }

    private static void Keep<T>(Dictionary<uint, T> learned, ConcurrentDictionary<uint, T> kept)
    {
        foreach (var (oid, facts) in learned)
        {
            if (kept.Count < MostOfAKind)
            {
                kept.TryAdd(oid, facts);
            }
        }
    }
}
