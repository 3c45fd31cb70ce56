using Countersign.Core.Policies.Yaml;

namespace Countersign.Core.Policies.Documents;

/// <summary>A mapping whose keys are known: every other key was refused with the nearest known one.</summary>
internal sealed class Fields
{
    private readonly Dictionary<string, YamlNode> _values;
    private readonly HashSet<string> _misspelled;

    private Fields(Dictionary<string, YamlNode> values, HashSet<string> misspelled, SourcePosition at)
    {
        _values = values;
        _misspelled = misspelled;
        At = at;
    }

    public SourcePosition At { get; }

    /// <param name="node">The value that has to be a mapping.</param>
    /// <param name="what">What the mapping describes, with its article: "a rule".</param>
    /// <param name="known">The keys it may have.</param>
    /// <param name="errors">Takes what is wrong.</param>
    public static Fields? Of(YamlNode node, string what, IReadOnlyList<string> known, PolicyErrors errors)
    {
        if (node is not YamlNode.Mapping mapping)
        {
            errors.Add(node.At, $"{what} is a mapping with {string.Join(", ", known)}, not {node.Kind}");
            return null;
        }

        var values = new Dictionary<string, YamlNode>(StringComparer.Ordinal);
        var misspelled = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, value) in mapping.Members)
        {
            if (known.Contains(key.Text))
            {
                values.Add(key.Text, value);
                continue;
            }

            var suggestion = Nearest.To(key.Text, known);
            var remedy = suggestion is null ? $"; it has {string.Join(", ", known)}" : "";
            errors.Add(key.At, $"{what} has no key '{key.Text}'{remedy}", suggestion);
            if (suggestion is not null)
            {
                misspelled.Add(suggestion);
            }
        }

        return new Fields(values, misspelled, mapping.At);
    }

    public YamlNode? Find(string key) => _values.GetValueOrDefault(key);

    /// <summary>
    /// Whether to complain that a key is missing: not when it was meant by a misspelled one, which is complained about
    /// already.
    /// </summary>
    public bool Lacks(string key) => !_values.ContainsKey(key) && !_misspelled.Contains(key);
}
