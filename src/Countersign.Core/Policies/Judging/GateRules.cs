using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Policies.Cel;
using Countersign.Core.Policies.Inputs;
using Countersign.Core.Policies.Proving;

namespace Countersign.Core.Policies.Judging;

/// <summary>The rules that exist at one gate, and the facts they read.</summary>
internal sealed class GateRules
{
    private readonly FramePlan _plan;
    private readonly RuleIndex _deny;
    private readonly RuleIndex _require;
    private readonly RuleIndex _allow;
    private readonly ImmutableArray<Rule> _readingPreview;

    private GateRules(ImmutableArray<(Rule Rule, ImmutableArray<Selector> Selectors)> rules)
    {
        _plan = FramePlan.For(rules.Select(rule => rule.Rule));
        _deny = RuleIndex.Of([.. rules.Where(rule => rule.Rule.Effect == VerdictOutcome.Deny)]);
        _require = RuleIndex.Of([.. rules.Where(rule => rule.Rule.Effect == VerdictOutcome.Require)]);
        _allow = RuleIndex.Of([.. rules.Where(rule => rule.Rule.Effect == VerdictOutcome.Allow)]);
        _readingPreview = [.. rules.Select(rule => rule.Rule).Where(rule => rule.Condition.ReadsPreview)];
        JudgeShapes = _plan.IsOfShape;
    }

    /// <summary>Whether no rule of the gate reads what may differ between requests of one shape.</summary>
    public bool JudgeShapes { get; }

    /// <summary>Whether any rule of the gate reads <c>preview</c>.</summary>
    public bool ReadPreview => !_readingPreview.IsEmpty;

    public static GateRules Of(GateKind gate, IEnumerable<(Rule Rule, Formula Formula)> rules, AtomTable atoms) =>
        new([.. rules
            .Where(rule => rule.Rule.Gates.Contains(gate))
            .Select(rule => (rule.Rule, Selector.Of(rule.Formula, atoms).ToImmutableArray()))]);

    /// <summary>
    /// Whether a rule's answer depends on the preview; rules settled by other facts do not ask for one. Facts that are
    /// only missing would not tell: <c>has(preview.rows)</c> has an answer without them, and it would be the wrong one.
    /// Nor is anything asked of a target about a request that is refused whatever the preview says.
    /// </summary>
    public bool NeedPreview(PolicyInput input)
    {
        if (!ReadPreview)
        {
            return false;
        }

        var frame = _plan.FillWithoutPreview(input);
        return _readingPreview.Any(rule => IsUnsettled(rule, frame)) && !IsDenied(frame);
    }

    private static bool IsUnsettled(Rule rule, FactFrame frame) =>
        rule.Condition.ReadsPreview && rule.Condition.Program.EvaluateBool(frame).Fault is not null;

    private bool IsDenied(FactFrame frame)
    {
        var denying = new List<Rule>();
        _deny.Collect(frame, denying);
        return denying.Any(rule => !IsUnsettled(rule, frame));
    }

    /// <summary>
    /// The matching rules of the strictest effect, ordered by id, so that the order of the files never shows.
    /// </summary>
    public List<Rule> Judge(PolicyInput input)
    {
        var frame = _plan.Fill(input);
        var found = new List<Rule>();
        _deny.Collect(frame, found);
        if (found.Count == 0)
        {
            _require.Collect(frame, found);
        }

        if (found.Count == 0)
        {
            _allow.Collect(frame, found);
        }

        return found.Count > 1 ? [.. found.Distinct().OrderBy(rule => rule.Id.Value, StringComparer.Ordinal)] : found;
    }
}
