using Countersign.Core.Redaction.Structured;

namespace Countersign.Core.Redaction;

/// <summary>What is masked in everything that comes out of one target, before anybody reads it.</summary>
/// <param name="Values">What is looked for in values; <c>null</c> when nothing is.</param>
/// <param name="Fields">Places whose values are masked whatever they are.</param>
public sealed record TargetRedaction(RedactionPlan? Values, FieldRules Fields)
{
    /// <summary>Nothing is masked.</summary>
    public static TargetRedaction None { get; } = new(Values: null, FieldRules.None);

    /// <summary>How masks are written: the plan of the values, or one that looks for nothing.</summary>
    public RedactionPlan Masking { get; init; } = Values ?? RedactionPlan.Nothing;

    /// <summary>What reviewers see masked of a request: the same, and every secret, with fingerprints.</summary>
    internal TargetRedaction ForCards(RedactionKey key) =>
        new((Values ?? RedactionPlan.Nothing).ForCards(key), Fields.With(Treatment.Fingerprint));

    /// <summary>The same without a key: nobody learns by trying which value a hash or a token stands for.</summary>
    public TargetRedaction WithoutKey() => new(Values?.WithoutKey(), Fields.WithoutKey());

    /// <summary>Whether everything passes as it came.</summary>
    public bool IsNone => Values is null && Fields.IsEmpty;
}
