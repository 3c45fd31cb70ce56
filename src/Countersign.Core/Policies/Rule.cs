using Countersign.Core.Actions;
using Countersign.Core.Policies.Cel;
using Countersign.Core.Policies.Cel.Ast;
using Countersign.Core.Reviews;

namespace Countersign.Core.Policies;

/// <summary>One rule of a loaded policy.</summary>
public sealed class Rule
{
    internal Rule(RuleId id, string reason, VerdictOutcome effect, PolicyCondition condition, SourcePosition at)
    {
        Id = id;
        Reason = reason;
        Effect = effect;
        Condition = condition;
        At = at;
    }

    public RuleId Id { get; }

    /// <summary>What agent and reviewer are told; a sentence made from the id when the author wrote none.</summary>
    public string Reason { get; }

    /// <summary>What the rule says when it matches.</summary>
    public VerdictOutcome Effect { get; }

    /// <summary>The gates that have every fact the rule reads; elsewhere it does not exist.</summary>
    public GateSet Gates => Condition.Gates;

    /// <summary>The condition as it was written.</summary>
    public string When => Condition.Text;

    /// <summary>Where the rule stands.</summary>
    public SourcePosition At { get; }

    /// <summary>Who has to agree; <c>null</c> unless the rule requires.</summary>
    public Requirement? Requirement { get; internal init; }

    /// <summary>How an action that the rule allows is recorded; <c>null</c> leaves it to the target.</summary>
    public RecordMode? Record { get; internal init; }

    internal PolicyCondition Condition { get; }

    internal MatchedRule Matched => new(Id, Reason);
}
