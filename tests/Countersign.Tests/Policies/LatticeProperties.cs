using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Inputs;
using Countersign.Core.Policies.Judging;
using FsCheck;
using FsCheck.Fluent;
using static Countersign.Tests.Policies.PolicyFixture;

namespace Countersign.Tests.Policies;

/// <summary>What holds for every policy and every request; some of the conditions have no answer on purpose.</summary>
public sealed class LatticeProperties
{
    private static readonly Config Quiet = Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(150);

    private static readonly Gen<string> Atom = Gen.Elements(
        "sql.read_only",
        "sql.no_where",
        "!sql.opaque",
        "\"DROP\" in sql.verbs",
        "sql.verbs.exists(v, v in [\"DELETE\", \"DROP\"])",
        "target.environment == \"production\"",
        "target.environment == \"test\"",
        "target.environment in [\"test\", \"production\"]",
        "target.name != \"orders\"",
        "agent.id == \"bot\"",
        "action.bytes < 3",
        "action.bytes >= 3",
        "action.bytes == 2",
        "preview.rows < 10",
        "target.name.startsWith(\"ord\")",
        "sql.verbs[1] == \"DROP\"",
        "target.name.matches(\"^ord\")",
        "preview.rows > 10",
        "action.arguments.missing == \"x\"",
        "1 / (action.bytes - 2) == 0");

    private static readonly Gen<string> Condition = Gen.OneOf(
        Atom,
        Gen.Two(Atom).Select(pair => $"{pair.Item1} && {pair.Item2}"),
        Gen.Two(Atom).Select(pair => $"{pair.Item1} || {pair.Item2}"),
        Gen.Three(Atom).Select(atoms => $"{atoms.Item1} && !({atoms.Item2} || {atoms.Item3})"),
        Gen.Three(Atom).Select(atoms => $"{atoms.Item1} ? {atoms.Item2} : {atoms.Item3}"));

    private static readonly Gen<string> RuleTexts =
        Gen.Zip(Gen.Elements("allow", "allow", "require", "deny"), Condition)
            .Select(rule => $"{rule.Item1}: {rule.Item2}");

    private static readonly Gen<ImmutableArray<string>> DifferentRules =
        Gen.Choose(1, 8).SelectMany(count => Gen.ListOf(RuleTexts, count)).Select(rules => rules.ToImmutableArray());

    /// <summary>Half of the policies begin all their conditions alike, so that the rules share an answer.</summary>
    private static readonly Gen<ImmutableArray<string>> RuleSets = Gen.OneOf(
        DifferentRules,
        Gen.Zip(Atom, DifferentRules).Select(pair => ImmutableArray.CreateRange(pair.Item2, Begin, pair.Item1)));

    private static readonly Gen<PolicyInput> Inputs = Gen.Zip(
        Gen.Zip(Gen.Elements("SELECT", "DELETE", "DROP"), Gen.Elements(true, false)),
        Gen.Zip(Gen.Elements(true, false), Gen.Elements<object>(true, false, "unreadable")),
        (first, second) => Sql(
            ("verbs", Texts("SELECT", first.Item1)),
            ("read_only", first.Item2),
            ("no_where", second.Item1),
            ("opaque", second.Item2)));

    [Fact]
    public void The_order_of_rules_never_matters() => Check((rules, input) =>
    {
        if (TryLoad(rules) is not { } policy)
        {
            return;
        }

        var reversed = TryLoad([.. rules.Reverse()], firstId: rules.Length - 1, step: -1);

        Assert.Equal(Shown(policy.Judge(input)), Shown(reversed!.Judge(input)));
    });

    [Fact]
    public void Splitting_a_policy_into_files_never_matters() => Check((rules, input) =>
    {
        if (rules.Length < 2 || TryLoad(rules) is not { } policy)
        {
            return;
        }

        var first = new PolicyText("z.yaml", Rules(rules.AsSpan()[..1]));
        string rest = string.Concat(rules.Skip(1).Select((rule, i) => Rule($"r{i + 1}", rule) + "\n"));
        var split = Loaded(Policy.Load([first, new PolicyText("a.yaml", "version: 1\nrules:\n" + rest)], null));

        Assert.Equal(Shown(policy.Judge(input)), Shown(split.Judge(input)));
    });

    [Fact]
    public void Another_rule_that_denies_never_loosens() => Check((rules, input) =>
    {
        string denying = "deny" + rules[^1][rules[^1].IndexOf(':')..];
        if (TryLoad(rules[..^1]) is { } policy && TryLoad([.. rules[..^1], denying]) is { } more)
        {
            Assert.True(more.Judge(input).Outcome >= policy.Judge(input).Outcome);
        }
    });

    /// <summary>Every rule is asked by itself here; a policy finds most rules by the texts they select.</summary>
    [Fact]
    public void The_verdict_is_what_the_rules_say_one_by_one() => Check((rules, input) =>
    {
        if (TryLoad(rules) is not { } policy)
        {
            return;
        }

        var matching = policy.Rules
            .Where(rule => rule.Gates.Contains(GateKind.Postgres))
            .Where(rule => Matching.Holds(rule, FramePlan.For([rule]).Fill(input)))
            .ToList();
        var strictest = matching.Select(rule => rule.Effect).DefaultIfEmpty(VerdictOutcome.Deny).Max();
        var named = matching.Where(rule => rule.Effect == strictest).Select(rule => rule.Id)
            .DefaultIfEmpty(RuleId.Default);

        var verdict = policy.Judge(input);
        Assert.Equal($"{strictest} {string.Join(' ', named)}", $"{verdict.Outcome} {Ids(verdict)}");
    });

    [Fact]
    public void Losing_a_fact_never_loosens_what_rules_decided() => Check((rules, input) =>
    {
        // Where the default decided, a rule that asks for approval may take its place once it has no answer.
        if (TryLoad(rules) is { } policy && policy.Judge(input) is var verdict && verdict.Rules[0].Id != RuleId.Default)
        {
            var facts = input.Asking.Facts with { Members = input.Asking.Facts.Members.Remove("read_only") };
            var less = input with { Asking = input.Asking with { Facts = facts } };
            Assert.True(policy.Judge(less).Outcome >= verdict.Outcome);
        }
    });

    private static string Begin(string rule, string atom)
    {
        string[] parts = rule.Split(": ", 2);
        return $"{parts[0]}: {atom} && ({parts[1]})";
    }

    private static void Check(Action<ImmutableArray<string>, PolicyInput> property) =>
        Prop.ForAll(RuleSets.ToArbitrary(), Inputs.ToArbitrary(), property).Check(Quiet);

    /// <summary>The policy, or null where the rules cover each other and loading refuses that.</summary>
    private static Policy? TryLoad(ImmutableArray<string> rules, int firstId = 0, int step = 1)
    {
        string text = string.Concat(rules.Select((rule, i) => Rule($"r{firstId + (i * step)}", rule) + "\n"));
        return Load($"version: 1\ndefault: deny\nrules:\n{text}") is PolicyLoad.Loaded loaded ? loaded.Policy : null;
    }

    private static string Shown(Verdict verdict) =>
        $"{verdict.Outcome} {Ids(verdict)} {string.Join(' ', verdict.Requirements.Select(each => each.Rule))}";
}
