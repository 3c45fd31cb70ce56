using System.Collections.Immutable;
using Countersign.Core.Redaction;
using Countersign.Core.Redaction.Structured;

namespace Countersign.Server.Configuration;

/// <summary>What all targets may use to mask values: the key, and what the operator's own kinds are.</summary>
internal sealed record RedactionSettings(string KeyFile)
{
    /// <summary>Patterns by the name of the kind that they find.</summary>
    public ImmutableArray<(string Name, string Pattern)> Patterns { get; init; } = [];

    /// <summary>Words and phrases by the name of the kind that they are.</summary>
    public ImmutableArray<(string Name, ImmutableArray<string> Terms)> Dictionaries { get; init; } = [];

    public IEnumerable<string> CustomNames =>
        Patterns.Select(each => each.Name).Concat(Dictionaries.Select(each => each.Name)).Distinct();
}

/// <summary>What one target masks, before the key is there.</summary>
internal sealed record RedactionDraft(RedactionOptions? Values, ImmutableArray<FieldDraft> Fields)
{
    public static RedactionDraft None { get; } = new(Values: null, []);

    public bool IsNone => Values is null && Fields.IsEmpty;

    public bool NeedsKey => Fields.Any(rule => rule.Treatment.NeedsKey)
        || (Values is { } values
            && (values.Treatment.NeedsKey || values.Treatments.Values.Any(treatment => treatment.NeedsKey)));

    /// <summary>What is masked with a key; without one, what it would be needed for gets the plain mask.</summary>
    public TargetRedaction Build(RedactionKey? key)
    {
        Treatment Possible(Treatment treatment) => key is null ? treatment.WithoutKey() : treatment;

        if (IsNone)
        {
            return TargetRedaction.None;
        }

        var options = (Values ?? new RedactionOptions { Kinds = [] }) with { Key = key };
        var plan = RedactionPlan.Create(options with
        {
            Treatment = Possible(options.Treatment),
            Treatments = options.Treatments.ToImmutableDictionary(each => each.Key, each => Possible(each.Value)),
        });
        return new TargetRedaction(
            Values is null ? null : plan,
            FieldRules.Of([.. Fields.Select(rule => rule.Make(Possible(rule.Treatment)))]))
        {
            Masking = plan,
        };
    }
}

/// <summary>A rule about a place, before it is certain that there is a key for its treatment.</summary>
internal sealed record FieldDraft(Treatment Treatment, Func<Treatment, FieldRule> Make);
