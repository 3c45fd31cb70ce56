using System.Collections.Immutable;

namespace Countersign.Core.Redaction.Structured;

/// <summary>The rules of a target about fields, which come before every detector.</summary>
public sealed class FieldRules
{
    private readonly Dictionary<string, Treatment> _names = [];
    private readonly Dictionary<string, Treatment> _headers = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Treatment> _columns = new(StringComparer.OrdinalIgnoreCase);
    private readonly ImmutableArray<FieldRule.AtPath> _paths;

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
    }

    /// <summary>No rules.</summary>
    public static FieldRules None { get; } = new([]);

    internal bool HasPaths => !_paths.IsEmpty;

    internal IEnumerable<Treatment> Treatments =>
        [.. _names.Values, .. _headers.Values, .. _columns.Values, .. _paths.Select(path => path.Treatment)];

    /// <summary>The rules together; a later one about the same place wins.</summary>
    public static FieldRules Of(params IReadOnlyCollection<FieldRule> rules) => new(rules);

    /// <summary>What becomes of a header's value; <c>null</c> when no rule names it.</summary>
    public Treatment? OfHeader(string name) => _headers.GetValueOrDefault(name);

    /// <summary>
    /// What becomes of a column's values, by its own name, with its table, or with its schema as well.
    /// </summary>
    public Treatment? OfColumn(string schema, string table, string column) =>
        _columns.GetValueOrDefault($"{schema}.{table}.{column}")
        ?? _columns.GetValueOrDefault($"{table}.{column}")
        ?? _columns.GetValueOrDefault(column);

    internal Treatment? OfMember(string name) => _names.GetValueOrDefault(Plain(name));

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

    /// <summary>The name without case and without what stands between its words.</summary>
    private static string Plain(string name) =>
        string.Concat(name.Where(letter => letter is not ('_' or '-' or ' ')).Select(char.ToLowerInvariant));
}
