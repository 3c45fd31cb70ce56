using System.Collections.Immutable;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;
using Countersign.Core.Redaction;

namespace Countersign.Server.Configuration;

/// <summary>Reads <c>redaction:</c>, which all targets share.</summary>
internal sealed class RedactionSection(Section section)
{
    private const int MostPatterns = 64;
    private const int MostTerms = 10_000;

    private static readonly string[] Keys = ["key", "patterns", "dictionaries"];

    /// <param name="root">The configuration.</param>
    /// <param name="ledgerKey">Path of the ledger's key, beside which this one is by default.</param>
    public RedactionSettings Read(Fields root, string ledgerKey)
    {
        var fields = root.Find("redaction") is { } node
            ? Fields.Of(node, "redaction", Keys, section.Errors)
            : null;
        var key = fields is null ? null : section.Text(fields, "key");
        var beside = Path.Combine(Path.GetDirectoryName(ledgerKey)!, "redaction.key");
        return new RedactionSettings(key is null ? beside : section.FilePath(key))
        {
            Patterns = fields is null ? [] : PatternsOf(fields),
            Dictionaries = fields is null ? [] : DictionariesOf(fields),
        };
    }

    private ImmutableArray<(string Name, string Pattern)> PatternsOf(Fields fields)
    {
        var patterns = ImmutableArray.CreateBuilder<(string, string)>();
        foreach (var (name, node) in MembersOf(fields, "patterns", "a regular expression"))
        {
            if (Values.Text(node, $"the pattern '{name.Text}'", section.Errors) is { } pattern
                && IsUsable(node, new RedactionOptions { Kinds = [], Patterns = [(name.Text, pattern.Text)] }))
            {
                patterns.Add((name.Text, pattern.Text));
            }
        }

        return patterns.ToImmutable();
    }

    private ImmutableArray<(string Name, ImmutableArray<string> Terms)> DictionariesOf(Fields fields)
    {
        var dictionaries = ImmutableArray.CreateBuilder<(string, ImmutableArray<string>)>();
        foreach (var (name, node) in MembersOf(fields, "dictionaries", "a list of words"))
        {
            ImmutableArray<string> terms =
            [
                .. Values.ItemsOf(node)
                    .Select(item => Values.Text(item, $"a word of '{name.Text}'", section.Errors)?.Text)
                    .OfType<string>(),
            ];
            if (terms.Length > MostTerms)
            {
                section.Complain(
                    node, $"the dictionary '{name.Text}' has {terms.Length} words; {MostTerms} are the most");
            }
            else if (IsUsable(node, new RedactionOptions { Kinds = [], Dictionaries = [(name.Text, terms)] }))
            {
                dictionaries.Add((name.Text, terms));
            }
        }

        return dictionaries.ToImmutable();
    }

    private ImmutableArray<YamlNode.Member> MembersOf(Fields fields, string key, string what)
    {
        switch (fields.Find(key))
        {
            case null:
                return [];
            case YamlNode.Mapping { Members.Length: <= MostPatterns } mapping:
                return mapping.Members;
            case YamlNode.Mapping mapping:
                section.Complain(mapping, $"{key} has {mapping.Members.Length} names; {MostPatterns} are the most");
                return [];
            case var other:
                section.Complain(other, $"{key} is a mapping from the name of a kind to {what}, not {other.Kind}");
                return [];
        }
    }

    private bool IsUsable(YamlNode node, RedactionOptions options)
    {
        try
        {
            _ = RedactionPlan.Create(options);
            return true;
        }
        catch (ArgumentException invalid)
        {
            return section.Complain(node, invalid.Message);
        }
    }
}
