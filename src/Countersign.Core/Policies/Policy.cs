using System.Collections.Immutable;
using System.Diagnostics;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies.Allowing;
using Countersign.Core.Policies.Judging;
using Countersign.Core.Policies.Proving;
using Countersign.Core.Reviews;

namespace Countersign.Core.Policies;

/// <summary>
/// A checked and compiled policy: immutable, free of order, and total. Every request gets a verdict, and what cannot be
/// known makes it stricter (DESIGN section 6.4).
/// </summary>
public sealed class Policy
{
    private readonly ImmutableArray<GateRules> _gates;
    private readonly PolicyDefault _theDefault;
    private readonly ImmutableArray<Relaxation> _relaxations;

    internal Policy(PolicyHash hash, ImmutableArray<Rule> rules, PolicyDefault theDefault, PolicyFormulas formulas)
    {
        Hash = hash;
        Rules = rules;
        _theDefault = theDefault;
        _gates = [.. Enum.GetValues<GateKind>().Select(gate => GateRules.Of(gate, formulas.Of(rules), formulas.Atoms))];
        _relaxations =
        [
            .. Enum.GetValues<GateKind>()
                .Select(gate => new Relaxation(rules.Where(rule => rule.Gates.Contains(gate)))),
        ];
    }

    /// <summary>SHA-256 over the texts of all files, in the order of their names.</summary>
    public PolicyHash Hash { get; }

    /// <summary>Every rule, ordered by id.</summary>
    public ImmutableArray<Rule> Rules { get; }

    /// <summary>What happens where no rule matches.</summary>
    public VerdictOutcome Default => _theDefault.Outcome;

    /// <summary>Who has to agree where no rule matches; <c>null</c> unless the default requires.</summary>
    public Requirement? DefaultRequirement => _theDefault.Requirement;

    /// <summary>Everybody whom a rule or the default asks, at any stage.</summary>
    public ImmutableArray<Party> Reviewers =>
    [
        .. Rules.Select(rule => rule.Requirement).Append(DefaultRequirement).OfType<Requirement>()
            .SelectMany(requirement => requirement.Stages)
            .SelectMany(stage => stage.Of.Concat(stage.Escalate))
            .Distinct(),
    ];

    /// <summary>Reads, checks and compiles a policy.</summary>
    /// <param name="files">The files, named as errors should show them; no file is a policy that denies all.</param>
    /// <param name="people">Who may be asked; <c>null</c> when unknown, which skips the checks of membership.</param>
    public static PolicyLoad Load(IReadOnlyCollection<PolicyText> files, People? people) =>
        PolicyLoader.Load(files, people);

    /// <summary>Whether a rule that exists at the gate reads <c>preview</c> at all.</summary>
    public bool NeedsPreview(GateKind gate) => _gates[(int)gate].ReadPreview;

    /// <summary>
    /// Whether the verdict on this request may depend on its preview; the other facts settle most requests.
    /// </summary>
    public bool NeedsPreview(PolicyInput input) => _gates[(int)input.Asking.Target.Gate].NeedPreview(input);

    /// <summary>
    /// Whether one verdict holds for all requests of a shape: of one asker at one target, by one way and operation,
    /// from which the gate derived the same facts. It does when no rule that exists at the gate reads anything else.
    /// </summary>
    public bool JudgesShapes(GateKind gate) => _gates[(int)gate].JudgeShapes;

    /// <summary>
    /// Decides: all matching rules contribute, deny over require over allow, the default where none matches.
    /// </summary>
    public Verdict Judge(PolicyInput input)
    {
        var matched = _gates[(int)input.Asking.Target.Gate].Judge(input);
        var isOpen = matched.Count == 0 || input.Asking.IsUndescribed && matched[0].Effect == VerdictOutcome.Allow;
        return isOpen ? _theDefault.ToVerdict(Hash) : ToVerdict(matched);
    }

    /// <summary>
    /// What would be allowed instead of a request that is denied: judged, not guessed, and empty where that finds
    /// nothing.
    /// </summary>
    public AllowedForm FindAllowed(PolicyInput denied) => _relaxations[(int)denied.Asking.Target.Gate].Find(
        denied.Asking, candidate => Judge(denied with { Asking = candidate, Preview = null }).Outcome);

    private Verdict ToVerdict(List<Rule> matched)
    {
        var rules = matched.Select(rule => rule.Matched).ToImmutableArray();
        return matched[0].Effect switch
        {
            VerdictOutcome.Deny => new Verdict(VerdictOutcome.Deny, rules, [], Hash),
            VerdictOutcome.Require => new Verdict(VerdictOutcome.Require, rules, RequirementsOf(matched), Hash),
            VerdictOutcome.Allow => new Verdict(VerdictOutcome.Allow, rules, [], Hash) { Record = RecordOf(matched) },
            _ => throw new UnreachableException(),
        };
    }

    private static ImmutableArray<Requirement> RequirementsOf(List<Rule> matched) =>
        [.. matched.Select(rule => rule.Requirement!)];

    /// <summary>
    /// The most careful way of recording that a rule asked for; rules without a wish leave it to the target.
    /// </summary>
    private static RecordMode? RecordOf(List<Rule> matched) => matched.Min(rule => rule.Record);
}
