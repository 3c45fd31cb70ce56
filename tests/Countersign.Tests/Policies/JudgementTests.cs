using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;
using static Countersign.Tests.Policies.PolicyFixture;

namespace Countersign.Tests.Policies;

public sealed class JudgementTests
{
    private const string Example = """
        version: 1
        default: { require: { stages: [ { of: group:platform, need: 1, within: 30m } ] } }
        rules:
          - id: small-reads
            when: action.gate == "postgres" && sql.read_only && !sql.touches_masked
            then: allow
          - id: production-writes
            reason: Changes to production data need a database owner.
            when: target.environment == "production"
              && sql.verbs.exists(v, v in ["DELETE", "UPDATE", "DROP", "TRUNCATE", "ALTER"])
            then:
              require:
                stages: [ { of: group:dba, need: 1, within: 15m, escalate: [group:oncall] } ]
                assurance: session
                distinct_from: [policy-author, reciprocal]
                reciprocal_within: 8h
                bounds: { rows: preview, seconds: 60, output: 64KB }
                grant: { uses: 1, ttl: 10m }
          - id: freeze
            when: calendar.frozen(target.name)
            then: deny
        assert:
          - never: allow
            when: target.environment == "production" && "DROP" in sql.verbs
        """;

    private static readonly Policy ExamplePolicy = Loaded(Example, Staff);

    private static readonly Calendar Quiet = new(name => name == "frozen-db", zone => zone == "UTC" ? true : null);

    [Fact]
    public void The_example_allows_small_reads()
    {
        var verdict = ExamplePolicy.Judge(Sql() with { Calendar = Quiet });

        Assert.Equal(VerdictOutcome.Allow, verdict.Outcome);
        Assert.Equal("small-reads", Ids(verdict));
        Assert.Equal(ExamplePolicy.Hash, verdict.Policy);
    }

    [Fact]
    public void The_example_asks_a_database_owner_before_production_changes()
    {
        var verdict = ExamplePolicy.Judge(
            Sql(("verbs", Texts("SELECT", "DELETE")), ("read_only", false)) with { Calendar = Quiet });

        var requirement = Assert.Single(verdict.Requirements);
        var stage = Assert.Single(requirement.Stages);
        Assert.Equal(VerdictOutcome.Require, verdict.Outcome);
        Assert.Equal("Changes to production data need a database owner.", requirement.Reason);
        Assert.Equal([Party.Parse("group:dba")], stage.Of);
        Assert.Equal([Party.Parse("group:oncall")], stage.Escalate);
        Assert.Equal((1, TimeSpan.FromMinutes(15)), (stage.Need, stage.Within));
        Assert.Equal(Assurance.Session, requirement.Assurance);
        Assert.Equal([Exclusion.PolicyAuthor, Exclusion.Reciprocal], requirement.DistinctFrom.Order());
        Assert.Equal(TimeSpan.FromHours(8), requirement.ReciprocalWithin);
        Assert.Equal(new Bounds(RowsFromPreview: true, Rows: null, TimeSpan.FromSeconds(60)) { Output = 65_536 },
            requirement.Bounds);
        Assert.Equal(new GrantTerms(1, TimeSpan.FromMinutes(10)), requirement.Grant);
    }

    [Fact]
    public void The_example_denies_everything_while_frozen()
    {
        var frozen = new Calendar(_ => true, _ => true);

        Assert.Equal("freeze", Ids(ExamplePolicy.Judge(Sql() with { Calendar = frozen })));
        Assert.Equal("freeze", Ids(ExamplePolicy.Judge(Input(GateKind.Mcp) with { Calendar = frozen })));
    }

    [Fact]
    public void An_unknown_calendar_denies_because_doubt_makes_stricter() =>
        Assert.Equal("freeze", Ids(ExamplePolicy.Judge(Sql())));

    [Fact]
    public void Where_no_rule_matches_the_default_asks_its_reviewers()
    {
        var verdict = ExamplePolicy.Judge(Sql(("read_only", false)) with { Calendar = Quiet });

        Assert.Equal(VerdictOutcome.Require, verdict.Outcome);
        Assert.Equal(RuleId.Default, Assert.Single(verdict.Requirements).Rule);
        Assert.Equal("default", Ids(verdict));
    }

    [Theory]
    [InlineData("default: deny", "No rule covers this action, and the policy's default is deny.")]
    [InlineData("default: { deny: , reason: Ask the platform team. }", "Ask the platform team.")]
    [InlineData("default: require", "no-reviewer")]
    [InlineData("default: { require: }", "no-reviewer")]
    [InlineData("rules: []", "No rule covers this action, and the policy has no default, so it is denied.")]
    public void A_default_without_reviewers_denies_and_says_why(string text, string reason)
    {
        var verdict = Loaded($"version: 1\n{text}").Judge(Sql());

        Assert.Equal(VerdictOutcome.Deny, verdict.Outcome);
        Assert.Equal(new MatchedRule(RuleId.Default, reason), Assert.Single(verdict.Rules));
    }

    [Fact]
    public void No_file_at_all_denies_everything() =>
        Assert.Equal(VerdictOutcome.Deny, Loaded(Policy.Load([], Staff)).Judge(Sql()).Outcome);

    [Fact]
    public void Every_rule_that_denies_is_named_and_no_other()
    {
        var policy = Loaded(
            Rules("deny: sql.no_where", "require: sql.no_where", "deny: sql.opaque", "allow: sql.read_only"));

        var verdict = policy.Judge(Sql(("no_where", true), ("opaque", true)));

        Assert.Equal("r0 r2", Ids(verdict));
        Assert.Empty(verdict.Requirements);
    }

    [Fact]
    public void Every_rule_that_requires_opens_its_own_track()
    {
        var policy = Loaded(Rules("require: sql.no_where", "require: sql.opaque", "allow: sql.read_only"));

        var verdict = policy.Judge(Sql(("no_where", true), ("opaque", true)));

        Assert.Equal(["r0", "r1"], verdict.Requirements.Select(requirement => requirement.Rule.Value));
        Assert.All(verdict.Requirements, each => Assert.Equal(TimeSpan.FromMinutes(30), each.Stages[0].Within));
    }

    [Theory]
    [InlineData("preview.rows > 10")]
    [InlineData("history.count(\"1h\") > 10")]
    [InlineData("history.first_time")]
    [InlineData("calendar.business_hours(\"UTC\")")]
    [InlineData("1 / (action.bytes - 2) > 0")]
    [InlineData("action.arguments.missing == 1")]
    [InlineData("action.bytes + 9223372036854775807 > 0")]
    [InlineData("preview.rows > 10 ? action.operation == \"a\" : action.operation == \"b\"")]
    public void A_condition_without_an_answer_holds_for_strict_rules_only(string condition)
    {
        Assert.Equal(VerdictOutcome.Deny, Outcome($"deny: {condition}"));
        Assert.Equal(VerdictOutcome.Require, Outcome($"require: {condition}"));
        Assert.Equal("default", Ids(Loaded(Rules($"allow: {condition}")).Judge(Sql())));
    }

    [Fact]
    public void A_fact_of_the_wrong_type_makes_stricter()
    {
        var policy = Loaded(Rules("deny: sql.opaque", "allow: sql.read_only"));

        Assert.Equal("r0", Ids(policy.Judge(Sql(("opaque", "no")))));
        Assert.Equal("default", Ids(policy.Judge(Sql(("read_only", 1L)))));
    }

    [Fact]
    public void A_gate_that_derived_nothing_is_not_trusted()
    {
        var policy = Loaded(Rules("deny: sql.opaque", "allow: action.bytes < 100"));

        Assert.Equal("r0", Ids(policy.Judge(Input(GateKind.Postgres))));
    }

    [Fact]
    public void Absence_that_is_known_reads_as_an_empty_text()
    {
        var policy = Loaded(Rules("deny: claimed.reason == \"\"", "deny: agent.on_behalf_of == \"\""));

        Assert.Equal("r0 r1", Ids(policy.Judge(Sql())));
    }

    [Theory]
    [InlineData("action.arguments.amount > 100", true)]
    [InlineData("action.arguments.lines.exists(l, l.sku == \"x\")", true)]
    [InlineData("action.arguments.lines.all(l, l.sku == \"y\")", false)]
    [InlineData("action.operation == \"operation\" && action.via == \"api\"", true)]
    [InlineData("\"pii\" in target.labels && target.name == \"orders\"", true)]
    [InlineData("agent.id == \"bot\" && agent.owner == \"alice\" && \"dba\" in agent.groups", true)]
    public void Rules_read_the_action_its_target_and_its_agent(string condition, bool holds)
    {
        var input = Input(GateKind.Api, arguments: """{"amount":250,"lines":[{"sku":"x"}]}""");

        Assert.Equal(holds ? "r0" : "default", Ids(Loaded(Rules($"deny: {condition}")).Judge(input)));
    }

    [Fact]
    public void Rules_read_the_preview()
    {
        var preview = new Preview("deletes") { Rows = 12, Exact = true, Cascades = [new Cascade("public.lines", 40)] };
        var policy = Loaded(Rules(
            "deny: preview.rows > 10 && preview.exact",
            "deny: preview.cascades.exists(c, c.relation == \"public.lines\" && c.rows > 30)",
            "deny: preview.rows > 20"));

        Assert.Equal("r0 r1", Ids(policy.Judge(Sql() with { Preview = preview })));
    }

    [Fact]
    public void What_a_failed_preview_does_not_show_is_unknown()
    {
        var failed = new Preview("no preview") { Error = "the server did not answer" };
        var policy = Loaded(Rules("deny: preview.cascades.exists(c, c.rows > 100)"));

        Assert.Equal("r0", Ids(policy.Judge(Sql() with { Preview = failed })));
        Assert.Equal("default", Ids(policy.Judge(Sql() with { Preview = failed with { Error = null } })));
    }

    [Fact]
    public void The_groups_of_somebody_unknown_are_unknown()
    {
        var policy = Loaded(Rules("deny: \"contractors\" in agent.groups"));
        var stranger = new Asker(new AgentId("bot"), new PersonId("mallory"));
        var asking = Sql().Asking with { Asker = stranger };

        Assert.Equal("r0", Ids(policy.Judge(PolicyInput.Of(asking, Staff))));
        Assert.Equal("default", Ids(policy.Judge(Sql())));
    }

    [Fact]
    public void Rules_read_history_and_calendar()
    {
        var history = new History(time => time == TimeSpan.FromHours(1) ? 7 : null, FirstTime: true, ApproveRate: 0.5);
        var policy = Loaded(Rules(
            "deny: history.count(\"1h\") > 6",
            "deny: history.count(\"1h\") > 7",
            "deny: history.count(\"2h\") > 7",
            "deny: history.count(action.operation) > 7",
            "deny: history.first_time && history.approve_rate < 0.9",
            "deny: calendar.business_hours(\"UTC\")",
            "deny: calendar.business_hours(action.operation)"));

        var verdict = policy.Judge(Sql() with { History = history, Calendar = Quiet });

        Assert.Equal("r0 r2 r3 r4 r5 r6", Ids(verdict));
    }

    [Theory]
    [InlineData("with", "behind", RecordMode.With)]
    [InlineData("behind", "before", RecordMode.Before)]
    public void The_most_careful_way_of_recording_wins(string one, string other, RecordMode expected)
    {
        var policy = Loaded($$"""
            version: 1
            rules:
              - { id: a, when: sql.read_only, then: allow, record: {{one}} }
              - { id: b, when: sql.read_only, then: allow, record: {{other}} }
              - { id: c, when: sql.read_only, then: allow }
            """);

        Assert.Equal(expected, policy.Judge(Sql()).Record);
    }

    [Fact]
    public void A_rule_without_record_leaves_it_to_the_target() =>
        Assert.Null(Loaded(Rules("allow: sql.read_only")).Judge(Sql()).Record);

    [Fact]
    public void Only_requests_that_a_preview_could_decide_ask_for_one()
    {
        var policy = Loaded(Rules("require: sql.no_where && preview.rows > 10", "allow: sql.read_only"));

        Assert.True(policy.NeedsPreview(GateKind.Postgres));
        Assert.False(policy.NeedsPreview(GateKind.Mcp));
        Assert.True(policy.NeedsPreview(Sql(("no_where", true))));
        Assert.False(policy.NeedsPreview(Sql()));
    }

    [Theory]
    [InlineData("deny: sql.no_where")]
    [InlineData("deny: sql.no_where || preview.rows > 5")]
    [InlineData("deny: history.count(\"1h\") > 1")]
    public void A_request_that_is_denied_anyway_asks_for_none(string denial)
    {
        var policy = Loaded(Rules(denial, "require: preview.rows > 10", "deny: preview.rows > 100"));

        Assert.False(policy.NeedsPreview(Sql(("no_where", true))));
        Assert.Equal(VerdictOutcome.Deny, policy.Judge(Sql(("no_where", true))).Outcome);
    }

    [Fact]
    public void A_denial_that_the_preview_could_lift_asks_for_one() =>
        Assert.True(Loaded(Rules("deny: sql.no_where && preview.rows > 5")).NeedsPreview(Sql(("no_where", true))));

    [Fact]
    public void Cascades_that_a_preview_does_not_speak_of_are_unknown()
    {
        var policy = Loaded(Rules("allow: preview.cascades.all(c, c.rows < 10)"));
        var silent = new Preview("deletes") { Cascades = null };

        Assert.Equal("default", Ids(policy.Judge(Sql() with { Preview = silent })));
        Assert.Equal("r0", Ids(policy.Judge(Sql() with { Preview = silent with { Cascades = [] } })));
    }

    [Fact]
    public void A_rule_that_tests_for_a_preview_gets_one() =>
        Assert.True(Loaded(Rules("deny: has(preview.rows) && preview.rows > 10")).NeedsPreview(Sql()));

    [Fact]
    public void The_hash_covers_every_file_and_not_the_order_they_come_in()
    {
        PolicyText one = new("a.yaml", "version: 1\ndefault: deny\n");
        PolicyText two = new("b.yaml", "version: 1\n");

        var hash = Loaded(Policy.Load([one, two], null)).Hash;

        Assert.Equal(hash, Loaded(Policy.Load([two, one], null)).Hash);
        Assert.NotEqual(hash, Loaded(Policy.Load([one], null)).Hash);
        Assert.NotEqual(hash, Loaded(Policy.Load([one, two with { Text = "version: 1 \n" }], null)).Hash);
    }

    private static VerdictOutcome Outcome(string rule) => Loaded(Rules(rule)).Judge(Sql()).Outcome;
}
