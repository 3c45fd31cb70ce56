using System.Collections.Immutable;

namespace Countersign.Gates.Http.OpenApi;

/// <summary>A place in the tree of templates; each step down is a segment.</summary>
internal sealed class OperationNode
{
    private readonly Dictionary<string, OperationNode> _literals = new(StringComparer.Ordinal);
    private readonly SortedList<(int, string), (SegmentTemplate Segment, OperationNode Node)> _variables = [];

    /// <summary>
    /// What a method is here; <c>null</c> when two templates of the document describe the same requests.
    /// </summary>
    private readonly Dictionary<string, (DescribedOperation Operation, PathTemplate Template)?> _methods =
        new(StringComparer.Ordinal);

    public void Add(PathTemplate template, DescribedOperation operation)
    {
        var node = this;
        foreach (var segment in template.Segments)
        {
            node = node.Step(segment);
        }

        if (!node._methods.TryAdd(operation.Method, (operation, template)))
        {
            node._methods[operation.Method] = null;
        }
    }

    public MappedOperation? Find(ReadOnlySpan<string> segments, string method)
    {
        var values = new List<ImmutableArray<string>>();
        return Find(segments, method, values) is { } found
            ? new MappedOperation(found.Operation.Id, ParametersOf(found.Template, values))
            {
                Body = found.Operation.Body,
                Described = found.Operation.Parameters,
            }
            : null;
    }

    private (DescribedOperation Operation, PathTemplate Template)? Find(
        ReadOnlySpan<string> segments, string method, List<ImmutableArray<string>> values)
    {
        if (segments.IsEmpty)
        {
            return _methods.TryGetValue(method, out var found) ? found : null;
        }

        if (_literals.TryGetValue(segments[0], out var literal))
        {
            values.Add([]);
            if (literal.Find(segments[1..], method, values) is { } exact)
            {
                return exact;
            }

            values.RemoveAt(values.Count - 1);
        }

        foreach (var (segment, node) in _variables.Values)
        {
            if (segment.Match(segments[0]) is not { } match)
            {
                continue;
            }

            values.Add(match);
            if (node.Find(segments[1..], method, values) is { } found)
            {
                return found;
            }

            values.RemoveAt(values.Count - 1);
        }

        return null;
    }

    private OperationNode Step(SegmentTemplate segment)
    {
        if (segment.IsLiteral)
        {
            return _literals.TryGetValue(segment.Texts[0], out var known)
                ? known
                : _literals[segment.Texts[0]] = new OperationNode();
        }

        // The one that says most comes first.
        var key = (-segment.Weight, segment.Form);
        if (!_variables.TryGetValue(key, out var step))
        {
            _variables[key] = step = (segment, new OperationNode());
        }

        return step.Node;
    }

    /// <summary>
    /// By the names of the template that was found; two templates may call the same segment differently.
    /// </summary>
    private static ImmutableSortedDictionary<string, string> ParametersOf(
        PathTemplate template, List<ImmutableArray<string>> values)
    {
        var parameters = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < template.Segments.Length; i++)
        {
            var names = template.Segments[i].Variables;
            for (var j = 0; j < names.Length; j++)
            {
                parameters[names[j]] = values[i][j];
            }
        }

        return parameters.ToImmutable();
    }
}
