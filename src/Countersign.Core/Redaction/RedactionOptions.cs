using System.Collections.Immutable;

namespace Countersign.Core.Redaction;

/// <summary>What an operator wants to be masked, and how.</summary>
public sealed record RedactionOptions
{
    /// <summary>What the text is; default prose.</summary>
    public RedactionMode Mode { get; init; } = RedactionMode.Text;

    /// <summary>The kinds whose detectors run; default all.</summary>
    public ImmutableArray<DataKind> Kinds { get; init; } = DataKinds.All;

    /// <summary>What becomes of a value whose kind is not in <see cref="Treatments"/>; default a mask.</summary>
    public Treatment Treatment { get; init; } = Treatment.Redact;

    /// <summary>What becomes of values of some kinds, by the name of the kind.</summary>
    public ImmutableDictionary<string, Treatment> Treatments { get; init; } =
        ImmutableDictionary<string, Treatment>.Empty;

    /// <summary>Patterns of the operator, by the name of the kind that they find.</summary>
    public ImmutableArray<(string Name, string Pattern)> Patterns { get; init; } = [];

    /// <summary>Words and phrases of the operator, by the name of the kind that they are.</summary>
    public ImmutableArray<(string Name, ImmutableArray<string> Terms)> Dictionaries { get; init; } = [];

    /// <summary>The key of hashes and of tokens; without one neither can be asked for.</summary>
    public RedactionKey? Key { get; init; }
}
