using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Tests.Actions.Json;

namespace Countersign.Tests.Policies;

/// <summary>Policies, people and requests that the tests of this folder share.</summary>
internal static class PolicyFixture
{
    public static People Staff { get; } = new(
        [PersonOf("alice", "dba", "oncall"), PersonOf("bob", "dba"), PersonOf("carol", "platform")],
        [
            new Agent(new AgentId("bot"), Party.Parse("alice")),
            new Agent(new AgentId("pipeline"), Party.Parse("group:platform")),
        ]);

    public static PolicyLoad Load(string yaml, People? people = null) =>
        Policy.Load([new PolicyText("policy.yaml", yaml)], people);

    public static Policy Loaded(string yaml, People? people = null) => Loaded(Load(yaml, people));

    public static Policy Loaded(PolicyLoad load)
    {
        Assert.True(load is PolicyLoad.Loaded, load.ToString());
        return ((PolicyLoad.Loaded)load).Policy;
    }

    public static string Errors(string yaml, People? people = null) =>
        Assert.IsType<PolicyLoad.Refused>(Load(yaml, people)).ToString();

    /// <summary>A policy of rules given as "effect: condition", with ids in the order they come.</summary>
    public static string Rules(params ReadOnlySpan<string> rules)
    {
        var yaml = new StringBuilder("version: 1\ndefault: deny\nrules:\n");
        for (int i = 0; i < rules.Length; i++)
        {
            yaml.Append(Rule($"r{i}", rules[i])).Append('\n');
        }

        return yaml.ToString();
    }

    public static string Rule(string id, string rule)
    {
        string[] parts = rule.Split(": ", 2);
        string then = parts[0] == "require" ? "{ require: { stages: [ { of: group:dba } ] } }" : parts[0];
        return $"  - {{ id: {id}, when: '{parts[1].Replace("'", "''", StringComparison.Ordinal)}', then: {then} }}";
    }

    public static PolicyInput Input(GateKind gate, Facts? facts = null, string arguments = "{}")
    {
        var target = new Target(new TargetName("orders"), gate, "production") { Labels = ["pii"] };
        CanonicalJson canonical = Canonical.Form(Encoding.UTF8.GetBytes(arguments));
        var action = CanonicalAction.Of(target.Name, "operation", canonical);
        var asker = new Asker(new AgentId("bot"), OnBehalfOf: null);
        return PolicyInput.Of(new Asking(asker, target, gate, action) { Facts = facts ?? Facts.None }, Staff);
    }

    /// <summary>A statement whose facts are all known; members that are given replace them.</summary>
    public static PolicyInput Sql(params (string Name, object Value)[] members)
    {
        var facts = Facts.Of(
            "sql",
            ("verbs", Texts("SELECT")),
            ("reads", Texts("public.orders")),
            ("writes", Texts()),
            ("columns", Texts()),
            ("functions", Texts()),
            ("locks", Texts()),
            ("read_only", true),
            ("no_where", false),
            ("touches_masked", false),
            ("deferred_code", false),
            ("opaque", false),
            ("in_transaction", false));
        foreach (var (name, value) in members)
        {
            facts = facts with { Members = facts.Members.SetItem(name, value) };
        }

        return Input(GateKind.Postgres, facts);
    }

    public static object Texts(params string[] texts) => System.Collections.Immutable.ImmutableArray.Create(texts);

    public static string Ids(Verdict verdict) => string.Join(" ", verdict.Rules.Select(rule => rule.Id));

    private static Person PersonOf(string id, params string[] groups) =>
        new(new PersonId(id), id, [.. groups.Select(name => new GroupName(name))], IsAdmin: false);
}
