using System.Collections.Immutable;

namespace Countersign.Gates.Http.GraphQl;

/// <summary>
/// An executable document (specification of 2025-09, section 2.2), read as far as it says which operation does what:
/// the root fields of each operation, through fragments. Anything else than an executable document is no request.
/// </summary>
internal sealed class GraphQlDocument
{
    private const int MostDepth = 64;

    private readonly List<Operation> _operations = [];
    private readonly Dictionary<string, Selections> _fragments = new(StringComparer.Ordinal);
    private readonly GraphQlLexer _lexer;

    private GraphQlDocument(string text) => _lexer = new GraphQlLexer(text);

    /// <exception cref="FormatException">It is none; the message goes on after "it is no request:".</exception>
    public static GraphQlDocument Parse(string text)
    {
        var document = new GraphQlDocument(text);
        while (document._lexer.Token.Length > 0)
        {
            document.ReadDefinition();
        }

        return document;
    }

    /// <summary>What the operation of a name does, or the only one.</summary>
    /// <exception cref="FormatException">Nobody can say which one it is.</exception>
    public GraphQlFacts Describe(string? name)
    {
        var meant = name is { Length: > 0 }
            ? _operations.Where(operation => operation.Name == name).ToList()
            : _operations;
        if (meant is not [var operation])
        {
            throw new FormatException(name is { Length: > 0 }
                ? $"its document has {meant.Count} operations '{name}'"
                : $"its document has {meant.Count} operations, and 'operationName' does not say which one runs");
        }

        var fields = new SortedSet<string>(StringComparer.Ordinal);
        Collect(operation.Selections, fields, []);
        return new GraphQlFacts(operation.Type, [.. fields]);
    }

    private void Collect(Selections selections, SortedSet<string> fields, HashSet<string> seen)
    {
        fields.UnionWith(selections.Fields);
        foreach (var name in selections.Fragments.Where(seen.Add))
        {
            Collect(
                _fragments.TryGetValue(name, out var fragment)
                    ? fragment
                    : throw new FormatException($"its document has no fragment '{name}'"),
                fields,
                seen);
        }
    }

    private void ReadDefinition()
    {
        switch (_lexer.Token)
        {
            case "{":
                _operations.Add(new Operation("query", Name: null, ReadSelections(depth: 0)));
                break;
            case "query" or "mutation" or "subscription":
                var type = Take();
                var name = _lexer.IsName ? Take() : null;
                SkipGroup("(", ")");
                SkipDirectives();
                _operations.Add(new Operation(type, name, ReadSelections(depth: 0)));
                break;
            case "fragment":
                Take();
                var fragment = TakeName();
                Expect("on");
                TakeName();
                SkipDirectives();
                if (!_fragments.TryAdd(fragment, ReadSelections(depth: 0)))
                {
                    throw new FormatException($"its document has two fragments '{fragment}'");
                }

                break;
            default:
                throw Unexpected();
        }
    }

    private Selections ReadSelections(int depth)
    {
        if (depth > MostDepth)
        {
            throw new FormatException($"its document is nested deeper than {MostDepth}");
        }

        Expect("{");
        var (fields, fragments) = (ImmutableArray.CreateBuilder<string>(), ImmutableArray.CreateBuilder<string>());
        do
        {
            if (_lexer.Token != "...")
            {
                fields.Add(ReadField(depth));
                continue;
            }

            Take();
            if (_lexer.IsName && _lexer.Token != "on")
            {
                fragments.Add(Take());
                SkipDirectives();
                continue;
            }

            // An inline fragment; its fields are fields of the same object.
            if (_lexer.Token == "on")
            {
                Take();
                TakeName();
            }

            SkipDirectives();
            var inner = ReadSelections(depth + 1);
            fields.AddRange(inner.Fields);
            fragments.AddRange(inner.Fragments);
        }
        while (_lexer.Token != "}");
        Expect("}");
        return new Selections(fields.ToImmutable(), fragments.ToImmutable());
    }

    private string ReadField(int depth)
    {
        var name = TakeName();
        if (_lexer.Token == ":")
        {
            // What stood before was an alias.
            Take();
            name = TakeName();
        }

        SkipGroup("(", ")");
        SkipDirectives();
        if (_lexer.Token == "{")
        {
            ReadSelections(depth + 1);
        }

        return name;
    }

    private void SkipDirectives()
    {
        while (_lexer.Token == "@")
        {
            Take();
            TakeName();
            SkipGroup("(", ")");
        }
    }

    /// <summary>Arguments and variables: whatever stands in them, they end with their own parenthesis.</summary>
    private void SkipGroup(string open, string close)
    {
        if (_lexer.Token != open)
        {
            return;
        }

        var depth = 0;
        do
        {
            depth += _lexer.Token == open ? 1 : _lexer.Token == close ? -1 : 0;
            if (_lexer.Token.Length == 0)
            {
                throw Unexpected();
            }

            Take();
        }
        while (depth > 0);
    }

    private string Take()
    {
        var token = _lexer.Token;
        _lexer.Advance();
        return token;
    }

    private string TakeName() => _lexer.IsName ? Take() : throw Unexpected();

    private void Expect(string token)
    {
        if (_lexer.Token != token)
        {
            throw Unexpected();
        }

        Take();
    }

    private FormatException Unexpected() => new(
        _lexer.Token.Length == 0 ? "its document ends too early" : "its document is no executable GraphQL document");

    private sealed record Operation(string Type, string? Name, Selections Selections);

    private sealed record Selections(ImmutableArray<string> Fields, ImmutableArray<string> Fragments);
}
