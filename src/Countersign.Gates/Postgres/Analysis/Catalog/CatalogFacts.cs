using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Countersign.Gates.Postgres.Analysis.Trees;

namespace Countersign.Gates.Postgres.Analysis.Catalog;

/// <summary>
/// What was learned from the catalog for one analysis, and what is still to be asked. Whoever misses something goes on
/// without it; the analysis is done again when it is there.
/// </summary>
/// <param name="builtIns">What came with the server.</param>
/// <param name="known">What earlier analyses learned; what is used of it counts as learned here.</param>
internal sealed class CatalogFacts(BuiltIns builtIns, KnownFacts? known)
{
    /// <summary>FirstNormalObjectId: what came with the server is below, all that anybody made is not.</summary>
    private const uint FirstMade = 16384;

    private readonly Dictionary<string, NodeValue> _trees = [];

    public BuiltIns BuiltIns => builtIns;

    public Dictionary<uint, RelationFacts> Relations { get; } = [];

    public Dictionary<uint, WriteFacts> Writes { get; } = [];

    public Dictionary<uint, FunctionFacts> Functions { get; } = [];

    /// <summary>Trees of functions' bodies that are kept as text; empty where they could not be analysed.</summary>
    public Dictionary<uint, string> Bodies { get; } = [];

    public Dictionary<uint, TypeFacts> Types { get; } = [];

    public Dictionary<uint, OperatorFacts> Operators { get; } = [];

    public MissingFacts Missing { get; private set; } = new();

    public static bool IsBuiltIn(uint oid) => oid < FirstMade;

    /// <summary>A tree that the catalog keeps; each is read once, however often it is walked.</summary>
    public NodeValue Parse(string tree)
    {
        if (!_trees.TryGetValue(tree, out var value))
        {
            value = NodeText.Read(tree);
            _trees.Add(tree, value);
        }

        return value;
    }

    public MissingFacts TakeMissing()
    {
        var missing = Missing;
        Missing = new MissingFacts();
        return missing;
    }

    /// <summary>Whether everything that was missing was found; what is not there any more was not.</summary>
    public bool Knows(MissingFacts missing) =>
        missing.Relations.All(oid => Relations.ContainsKey(oid) || builtIns.Relations.ContainsKey(oid))
        && missing.Writes.All(Writes.ContainsKey)
        && missing.Functions.All(Functions.ContainsKey)
        && missing.Bodies.All(Bodies.ContainsKey)
        && missing.Types.All(Types.ContainsKey)
        && missing.Operators.All(Operators.ContainsKey);

    public RelationFacts? Relation(uint oid) =>
        builtIns.Relations.TryGetValue(oid, out var builtIn)
            ? builtIn
            : Find(Relations, oid, Missing.Relations, known?.Relations);

    public WriteFacts? Write(uint oid) => Find(Writes, oid, Missing.Writes, known: null);

    public FunctionFacts? Function(uint oid) => Find(Functions, oid, Missing.Functions, known?.Functions);

    /// <summary>Kept by nobody: what the names in it mean depends on the session's search path.</summary>
    public string? Body(uint oid) => Find(Bodies, oid, Missing.Bodies, known: null);

    public TypeFacts? Type(uint oid) => Find(Types, oid, Missing.Types, known?.Types);

    public OperatorFacts? Operator(uint oid) => Find(Operators, oid, Missing.Operators, known?.Operators);

    /// <summary>
    /// Hash of all definitions that were asked for. It holds no transaction ids, so that ANALYZE or GRANT does not
    /// change it, and not what came with the server.
    /// </summary>
    public string Fingerprint(string resolved)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append("names", resolved);
        AppendAll("relation", Relations, facts => facts.Definition);
        AppendAll("write", Writes, facts => facts.Definition);
        AppendAll("function", Functions, facts => facts.Definition);
        AppendAll("type", Types, facts => facts.Definition);
        AppendAll("operator", Operators, facts => facts.Definition);
        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void AppendAll<T>(string kind, Dictionary<uint, T> facts, Func<T, string> definition)
        {
            foreach (var (oid, fact) in facts.OrderBy(fact => fact.Key))
            {
                Append($"{kind} {oid}", definition(fact));
            }
        }

        // Lengths keep neighbours apart.
        void Append(string key, string value)
        {
            var bytes = Encoding.UTF8.GetBytes(value);
            hash.AppendData(Encoding.UTF8.GetBytes($"{key} {bytes.Length}\n"));
            hash.AppendData(bytes);
        }
    }

    private static T? Find<T>(
        Dictionary<uint, T> facts, uint oid, SortedSet<uint> missing, ConcurrentDictionary<uint, T>? known)
        where T : class
    {
        if (facts.TryGetValue(oid, out var found))
        {
            return found;
        }

        if (known is not null && known.TryGetValue(oid, out found))
        {
            facts.Add(oid, found);
            return found;
        }

        missing.Add(oid);
        return null;
    }
}

/// <summary>What has to be asked before an analysis can be finished.</summary>
internal sealed class MissingFacts
{
    public SortedSet<uint> Relations { get; } = [];

    public SortedSet<uint> Writes { get; } = [];

    public SortedSet<uint> Functions { get; } = [];

    public SortedSet<uint> Bodies { get; } = [];

    public SortedSet<uint> Types { get; } = [];

    public SortedSet<uint> Operators { get; } = [];

    public bool IsEmpty => Relations.Count + Writes.Count + Functions.Count + Bodies.Count + Types.Count
        + Operators.Count == 0;
}
