using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies.Yaml;
using Countersign.Core.Reviews;

namespace Countersign.Core.Policies.Documents;

/// <summary>What the files of a policy say, merged; nothing has been compiled or compared yet.</summary>
internal sealed record PolicyDraft(
    ImmutableArray<RuleDraft> Rules,
    DefaultDraft? Default,
    ImmutableArray<AssertionDraft> Assertions);

internal sealed record RuleDraft(
    RuleId Id, string? Reason, YamlNode.Scalar When, EffectDraft Then, RecordMode? Record, SourcePosition At);

internal sealed record DefaultDraft(EffectDraft Then, string? Reason, SourcePosition At);

/// <summary>"The verdict is never <c>Never</c> when <c>When</c>."</summary>
internal sealed record AssertionDraft(VerdictOutcome Never, YamlNode.Scalar When, SourcePosition At);

internal abstract record EffectDraft
{
    private EffectDraft()
    {
    }

    public sealed record Allow : EffectDraft;

    public sealed record Deny : EffectDraft;

    /// <summary>A bare <c>require</c>: it asks for approval and names nobody who could give it.</summary>
    public sealed record RequireNobody : EffectDraft;

    public sealed record Require(RequirementDraft Requirement) : EffectDraft;
}

internal sealed record RequirementDraft(
    ImmutableArray<StageDraft> Stages,
    Assurance Assurance,
    ImmutableHashSet<Exclusion> DistinctFrom,
    Bounds Bounds,
    GrantTerms Grant)
{
    public TimeSpan ReciprocalWithin { get; init; } = Favours.Lately;

    public Requirement For(RuleId rule, string reason) =>
        new(rule, reason, [.. Stages.Select(stage => stage.ToStage())], Assurance, DistinctFrom, Bounds, Grant)
        {
            ReciprocalWithin = ReciprocalWithin,
        };
}

internal sealed record StageDraft(
    ImmutableArray<PartyDraft> Of,
    int Need,
    TimeSpan Within,
    ImmutableArray<PartyDraft> Escalate,
    SourcePosition At)
{
    public Stage ToStage() =>
        new([.. Of.Select(party => party.Party)], Need, Within, [.. Escalate.Select(party => party.Party)]);
}

internal sealed record PartyDraft(Party Party, SourcePosition At);
