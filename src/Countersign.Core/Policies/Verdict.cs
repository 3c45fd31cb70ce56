using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;

namespace Countersign.Core.Policies;

/// <summary>The lattice <c>deny &gt; require &gt; allow</c>; the order of the values is the strictness.</summary>
public enum VerdictOutcome
{
    Allow,
    Require,
    Deny,
}

/// <summary>A rule that contributed to a verdict, and the reason it gives to agents and reviewers.</summary>
public sealed record MatchedRule(RuleId Id, string Reason);

/// <summary>
/// What the policy says about one action: all matching rules contributed, their order never mattered.
/// </summary>
/// <param name="Outcome">The strictest outcome of all matching rules.</param>
/// <param name="Rules">The rules that gave that outcome.</param>
/// <param name="Requirements">One per rule that requires; each opens its own track. Empty unless required.</param>
/// <param name="Policy">Which policy said so.</param>
public sealed record Verdict(
    VerdictOutcome Outcome,
    ImmutableArray<MatchedRule> Rules,
    ImmutableArray<Requirement> Requirements,
    PolicyHash Policy)
{
    /// <summary>How an allowed action is recorded; <c>null</c> leaves it to the target (DESIGN section 2.5).</summary>
    public RecordMode? Record { get; init; }

    /// <summary>How the policy came into force; <c>null</c> where nobody said.</summary>
    public PolicyOrigin? Origin { get; init; }

    /// <summary>
    /// How an allowed action is recorded at a target: as the rules wish, otherwise as the target says. A wish for
    /// <c>behind</c> counts only where the target opted in.
    /// </summary>
    public RecordMode RecordAt(Target target) =>
        Record is { } wish && (wish != RecordMode.Behind || target.Record == RecordMode.Behind)
            ? wish
            : target.Record;
}
