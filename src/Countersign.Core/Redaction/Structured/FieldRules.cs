using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;

namespace Countersign.Core.Redaction.Structured;

/// <summary>The rules of a target about fields, which come before every detector.</summary>
public sealed class FieldRules
{
    private readonly Dictionary<string, Treatment> _names = [];
    private readonly Dictionary<string, Treatment> _headers = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Treatment> _columns = new(StringComparer.OrdinalIgnoreCase);
    private readonly ImmutableArray<FieldRule.AtPath> _paths;
    private readonly ImmutableArray<FieldRule> _rules;

    private FieldRules(IReadOnlyCollection<FieldRule> rules)
    {
        foreach (var rule in rules)
        {
            _ = rule switch
            {
                FieldRule.Named named => _names[Plain(named.Name)] = named.Treatment,
                FieldRule.Header header => _headers[header.Name] = header.Treatment,
                FieldRule.Column column => _columns[column.Name] = column.Treatment,
                _ => rule.Treatment,
            };
        }

        _paths = [.. rules.OfType<FieldRule.AtPath>()];
        _rules = [.. rules];
    }

    /// <summary>No rules.</summary>
    public static FieldRules None { get; } = new([]);

    /// <summary>Whether nothing is masked by its place.</summary>
    public bool IsEmpty => _names.Count == 0 && _headers.Count == 0 && _columns.Count == 0 && _paths.IsEmpty;

    /// <summary>Whether a document's members may be masked by their names or places.</summary>
    public bool ConcernMembers => _names.Count > 0 || _columns.Count > 0 || !_paths.IsEmpty;

    internal bool HasPaths => !_paths.IsEmpty;

    internal IEnumerable<Treatment> Treatments =>
        [.. _names.Values, .. _headers.Values, .. _columns.Values, .. _paths.Select(path => path.Treatment)];

    /// <summary>The rules together; a later one about the same place wins.</summary>
    public static FieldRules Of(params IReadOnlyCollection<FieldRule> rules) => new(rules);

    /// <summary>What becomes of a header's value; <c>null</c> when no rule names it.</summary>
    public Treatment? OfHeader(string name) => _headers.GetValueOrDefault(name);

    /// <summary>
    /// What becomes of a column's values, by its own name, with its table, or with its schema as well. A rule about
    /// members of a name is about columns of that name too.
    /// </summary>
    public Treatment? OfColumn(string schema, string table, string column) =>
        _columns.GetValueOrDefault($"{schema}.{table}.{column}")
        ?? _columns.GetValueOrDefault($"{table}.{column}")
        ?? _columns.GetValueOrDefault(column)
        ?? OfMember(column);

    /// <summary>The same places with one treatment.</summary>
    internal FieldRules With(Treatment treatment) => new([.. _rules.Select(rule => Changed(rule, treatment))]);

    /// <summary>The same places, with the plain mask where a treatment would need a key.</summary>
    internal FieldRules WithoutKey() => new([.. _rules.Select(rule => Changed(rule, rule.Treatment.WithoutKey()))]);

    // It is asked about each member of each document, and most targets name none.
    internal Treatment? OfMember(string name) => _names.Count == 0 ? null : _names.GetValueOrDefault(Plain(name));

    internal Treatment? OfPlace(IReadOnlyList<PathStep> place)
    {
        foreach (var rule in _paths)
        {
            if (rule.Path.LeadsTo(place))
            {
                return rule.Treatment;
            }
        }

        return null;
    }

    private static FieldRule Changed(FieldRule rule, Treatment treatment) => rule switch
    {
        FieldRule.Named named => new FieldRule.Named(named.Name, treatment),
        FieldRule.AtPath path => new FieldRule.AtPath(path.Path, treatment),
        FieldRule.Header header => new FieldRule.Header(header.Name, treatment),
        FieldRule.Column column => new FieldRule.Column(column.Name, treatment),
        _ => throw new UnreachableException(),
    };

    /// <summary>The name without case and without what stands between its words.</summary>
    private static string Plain(string name)
    {
        var plain = new StringBuilder(name.Length);
        foreach (var letter in name)
        {
            if (letter is not ('_' or '-' or ' '))
            {
                plain.Append(char.ToLowerInvariant(letter));
            }
        }

        return plain.ToString();
    }
}
