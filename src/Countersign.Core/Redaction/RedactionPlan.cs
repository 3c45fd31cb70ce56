using System.Collections.Immutable;
using Countersign.Core.Redaction.Custom;
using Countersign.Core.Redaction.Secrets;

namespace Countersign.Core.Redaction;

/// <summary>What is masked and how, ready to be used by any number of redactors at once.</summary>
public sealed class RedactionPlan
{
    private readonly ImmutableArray<Treatment> _treatments;
    private readonly RedactionOptions _options;

    private RedactionPlan(RedactionOptions options)
    {
        (Mode, Key, _options) = (options.Mode, options.Key, options);
        var kinds = new List<DataKind>(DataKinds.All);
        Patterns = [.. options.Patterns.Select(each => CustomPattern.Compile(AddKind(kinds, each.Name), each.Pattern))];
        Terms = CustomTerms.Of(options.Dictionaries.Select(each => (AddKind(kinds, each.Name), each.Terms)));
        Kinds = [.. kinds];
        Enabled = new bool[kinds.Count];
        foreach (var kind in options.Kinds.Concat(kinds.Skip(DataKinds.All.Length)))
        {
            Enabled[kind.Index] = true;
        }

        Tokens = new TokenIndex(TokenTable.Rows.Join(
            options.Kinds, row => row.Name, kind => kind.Name, (row, kind) => (row, kind)));
        _treatments = [.. kinds.Select(kind => options.Treatments.GetValueOrDefault(kind.Name, options.Treatment))];
        RefuseMissingKey();
    }

    /// <summary>A plan that looks for nothing and has no key.</summary>
    public static RedactionPlan Nothing { get; } = new(new RedactionOptions { Kinds = [] });

    /// <summary>What the text is.</summary>
    public RedactionMode Mode { get; }

    internal RedactionKey? Key { get; }

    internal ImmutableArray<DataKind> Kinds { get; }

    internal bool[] Enabled { get; }

    internal TokenIndex Tokens { get; }

    internal CustomTerms? Terms { get; }

    internal ImmutableArray<CustomPattern> Patterns { get; }

    /// <exception cref="ArgumentException">
    /// A pattern cannot be run in linear time, a name is already a kind's, or a treatment lacks its key.
    /// </exception>
    public static RedactionPlan Create(RedactionOptions options) => new(options);

    /// <summary>A plan for reviewers: the same kinds and all secrets, each with its fingerprint.</summary>
    internal RedactionPlan ForCards(RedactionKey key) => new(_options with
    {
        Mode = RedactionMode.Text,
        Kinds = [.. _options.Kinds.Union(DataKinds.Named("secrets"))],
        Treatment = Treatment.Fingerprint,
        Treatments = [],
        Key = key,
    });

    /// <summary>The same without a key: what would need it gets the plain mask.</summary>
    internal RedactionPlan WithoutKey() => new(_options with
    {
        Treatment = _options.Treatment.WithoutKey(),
        Treatments = _options.Treatments.ToImmutableDictionary(each => each.Key, each => each.Value.WithoutKey()),
        Key = null,
    });

    internal Treatment TreatmentOf(DataKind kind) => _treatments[kind.Index];

    private static DataKind AddKind(List<DataKind> kinds, string name)
    {
        if (kinds.Take(DataKinds.All.Length).Any(each => each.Name == name) || name.Length == 0
            || name.Any(letter => !char.IsAsciiLetterLower(letter) && !char.IsAsciiDigit(letter) && letter != '-'))
        {
            throw new ArgumentException(
                $"The kind '{name}' cannot be added: a name has small letters, digits and hyphens, and none of the "
                + "built-in kinds has it already.");
        }

        if (kinds.Find(each => each.Name == name) is { } existing)
        {
            return existing;
        }

        var kind = new DataKind(name, name.ToUpperInvariant().Replace('-', '_'), DataGroup.Custom, kinds.Count);
        kinds.Add(kind);
        return kind;
    }

    private void RefuseMissingKey()
    {
        if (Key is null && _treatments.Any(treatment => treatment.NeedsKey))
        {
            throw new ArgumentException(
                "Hashing and tokenising need a key; without one their results could be guessed. Give the plan a key.");
        }
    }
}
