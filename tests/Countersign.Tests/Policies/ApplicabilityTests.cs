using Countersign.Core.Actions;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Inputs;
using static Countersign.Tests.Policies.PolicyFixture;

namespace Countersign.Tests.Policies;

public sealed class ApplicabilityTests
{
    private const string Everywhere = "mcp, postgres, http, command, hook, api";

    [Theory]
    [InlineData("true", Everywhere)]
    [InlineData("target.environment == \"production\"", Everywhere)]
    [InlineData("action.gate == \"mcp\"", Everywhere)]
    [InlineData("preview.rows > 1 && history.count(\"1h\") > 1 && calendar.frozen(\"x\")", Everywhere)]
    [InlineData("sql.read_only", "postgres")]
    [InlineData("has(sql.verbs)", "postgres")]
    [InlineData("mcp.tool == \"x\"", "mcp")]
    [InlineData("\"readOnlyHint\" in mcp.annotations", "mcp")]
    [InlineData("http.query[\"a\"].exists(v, v == \"b\")", "http")]
    [InlineData("command.opaque", "command, hook")]
    [InlineData("command.argv.exists(a, a == \"-f\") && command.tool == \"Bash\"", "hook")]
    [InlineData("command.input.file_path == \"x\"", "hook")]
    [InlineData("sql.opaque || mcp.tool == \"x\"", "no gate")]
    public void A_rule_exists_where_every_fact_it_reads_exists(string condition, string gates) =>
        Assert.Equal(gates, Assert.Single(Loaded(Rules($"allow: {condition}")).Rules).Gates.ToString());

    [Fact]
    public void A_rule_says_nothing_where_it_does_not_exist()
    {
        var policy = Loaded(Rules("deny: sql.opaque", "allow: target.environment == \"production\""));

        Assert.Equal("r1", Ids(policy.Judge(Input(GateKind.Mcp))));
        Assert.Equal("r0", Ids(policy.Judge(Sql(("opaque", true)))));
    }

    [Fact]
    public void The_gate_is_the_targets_whatever_the_action_came_in_by()
    {
        var input = Sql(("opaque", true));
        var viaApi = input with { Asking = input.Asking with { Via = GateKind.Api } };

        Assert.Equal("r0", Ids(Loaded(Rules("deny: sql.opaque && action.via == \"api\"")).Judge(viaApi)));
    }

    [Theory]
    [InlineData(GateKind.Postgres, "sql", 12)]
    [InlineData(GateKind.Mcp, "mcp", 2)]
    [InlineData(GateKind.Http, "http", 12)]
    [InlineData(GateKind.Command, "command", 4)]
    [InlineData(GateKind.Hook, "command", 6)]
    [InlineData(GateKind.Api, "sql", 0)]
    public void Each_gate_has_the_facts_of_its_protocol(GateKind gate, string variable, int count)
    {
        var facts = PolicySchema.Instance.FactsOf(gate);

        Assert.Equal(count, facts.Count(fact => fact.Name.Split('.')[0] == variable));
    }

    [Fact]
    public void An_empty_set_of_gates_says_so()
    {
        Assert.True(GateSet.None.IsEmpty);
        Assert.Equal("no gate", GateSet.None.ToString());
        Assert.True(GateSet.None.IsSubsetOf(GateSet.Of(GateKind.Api)));
        Assert.False(GateSet.All.IsSubsetOf(GateSet.Of(GateKind.Api)));
    }
}
