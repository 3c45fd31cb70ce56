using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Schemas;

namespace Countersign.Gates.Http.OpenApi;

/// <summary>
/// The operations that an OpenAPI 3 document describes, found by method and path. A path without variables comes before
/// one with variables (OpenAPI 3.1 section 4.8.8), and among those the one that says more. Two that differ in the names
/// of their variables only describe nothing, because nobody can say which one the target takes.
/// </summary>
internal sealed class OperationMap
{
    private readonly ImmutableArray<string> _roots;
    private readonly ImmutableHashSet<string>? _hosts;
    private readonly OperationNode _tree = new();
    private readonly List<DescribedOperation> _all = [];

    private OperationMap(DocumentReader reader) => (_roots, _hosts) = (reader.Roots(), reader.Hosts());

    /// <summary>Every operation: its id, method and template, in the order of the document.</summary>
    public IReadOnlyList<DescribedOperation> All => _all;

    /// <summary>Reads a document.</summary>
    /// <exception cref="FormatException">It is no OpenAPI 3 document; the message says where and why.</exception>
    public static OperationMap Read(JsonElement document)
    {
        var reader = new DocumentReader(document);
        var map = new OperationMap(reader);
        foreach (var operation in reader.Operations())
        {
            map._tree.Add(PathTemplate.Parse(operation.Template), operation);
            map._all.Add(operation);
        }

        return map;
    }

    /// <summary>What a request is; <c>null</c> when the document does not say.</summary>
    /// <param name="method">In upper case.</param>
    /// <param name="upstream">Where the target is; its path is a part of what the document describes.</param>
    /// <param name="path">Below that.</param>
    public MappedOperation? Find(string method, Uri upstream, HttpPath path)
    {
        var prefix = upstream.AbsolutePath.TrimEnd('/');
        foreach (var root in _roots)
        {
            var whole = prefix + path.Text;
            if (whole.StartsWith(root + "/", StringComparison.Ordinal)
                && _tree.Find(whole[root.Length..][1..].Split('/'), method) is { } found)
            {
                return found;
            }
        }

        // A target that stands somewhere else than the document says, such as a copy for tests. On a host that the
        // document names, what is not below its path is something else, of which the document says nothing.
        return prefix.Length == 0 && _hosts?.Contains(upstream.Authority.ToLowerInvariant()) == false
            ? _tree.Find(path.Segments, method)
            : null;
    }
}

/// <summary>An operation as a document describes it.</summary>
/// <param name="Id">Its <c>operationId</c>, or method and template.</param>
/// <param name="Method">In upper case.</param>
/// <param name="Template">A path with variables in braces.</param>
internal sealed record DescribedOperation(string Id, string Method, string Template)
{
    /// <summary>What a JSON body is like; <c>null</c> when the document does not say.</summary>
    public BodySchema? Body { get; init; }

    /// <summary>The parameters that have a type.</summary>
    public ImmutableArray<DescribedParameter> Parameters { get; init; } = [];
}

/// <summary>The operation that a request is, and what it says where the template has variables.</summary>
internal sealed record MappedOperation(string Id, ImmutableSortedDictionary<string, string> Parameters)
{
    public BodySchema? Body { get; init; }

    /// <summary>The parameters that have a type, wherever they stand.</summary>
    public ImmutableArray<DescribedParameter> Described { get; init; } = [];
}
