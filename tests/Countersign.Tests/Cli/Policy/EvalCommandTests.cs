using System.Text.Json;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Inputs;
using Countersign.Server.Cli;
using Countersign.Server.Cli.Policy;
using Countersign.Tests.Support;

namespace Countersign.Tests.Cli.Policy;

public sealed class EvalCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("1 + 1", ExitCode.Succeeded)]
    [InlineData("sql.read_only", ExitCode.Failed)]
    [InlineData("sql.raed_only", ExitCode.Failed)]
    [InlineData("1 +", ExitCode.Failed)]
    public async Task The_exit_code_says_whether_there_is_a_value(string condition, int code) =>
        Assert.Equal(code, await RunAsync(condition));

    [Fact]
    public async Task The_condition_may_be_in_a_file()
    {
        var file = Write("rule.cel", "true || 1 / 0 == 1");

        Assert.Equal(ExitCode.Succeeded, await RunAsync("--file", file));
        Assert.Equal(ExitCode.Usage, await RunAsync("--file", _folder.PathOf("missing.cel")));
    }

    [Theory]
    [InlineData("""{"sql": {"verbs": ["DROP"]}}""", ExitCode.Succeeded)]
    [InlineData("""{"sql": {"verbs": "DROP"}}""", ExitCode.Usage)]
    [InlineData("""{"sql": {"verb": ["DROP"]}}""", ExitCode.Usage)]
    [InlineData("""{"sql": ["DROP"]}""", ExitCode.Usage)]
    [InlineData("[]", ExitCode.Usage)]
    [InlineData("{", ExitCode.Usage)]
    [InlineData("{}", ExitCode.Failed)]
    public async Task Facts_are_held_to_their_types(string facts, int code) =>
        Assert.Equal(code, await RunAsync("'DROP' in sql.verbs", "--facts", Write("facts.json", facts)));

    [Fact]
    public async Task Bindings_are_typed_values_of_any_name_without_the_facts_of_a_policy()
    {
        var bindings = Write("bindings.json", """{"x": {"t": "int", "v": "2"}}""");

        Assert.Equal(ExitCode.Succeeded, await RunAsync("x * x", "--bindings", bindings));
        Assert.Equal(ExitCode.Failed, await RunAsync("sql.verbs", "--bindings", bindings));
        Assert.Equal(ExitCode.Usage, await RunAsync("x", "--bindings", bindings, "--facts", bindings));
    }

    [Fact]
    public async Task A_condition_is_given_once()
    {
        Assert.Equal(ExitCode.Usage, await RunAsync());
        Assert.Equal(ExitCode.Usage, await RunAsync("true", "--file", Write("rule.cel", "true")));
    }

    [Fact]
    public void The_report_shows_value_type_cost_gates_and_what_is_unknown()
    {
        var trial = Try(
            "sql.verbs.exists(v, v == 'DROP') || history.count('1h') > 3 || preview.rows > 5",
            """{"sql": {"verbs": ["DROP"]}, "history": {"count": {"1h": 3}}}""");

        Assert.Equal(
            $"""
            true
            type: bool
            cost: at most {trial.Program.Cost} of 1000000 steps; this took 1
            gates: postgres
            unknown: preview.rows
            """,
            EvalReport.ToText(trial));
    }

    [Fact]
    public void A_condition_without_an_answer_says_what_that_means_for_a_rule()
    {
        var trial = Try("history.count('2h') > 3", """{"history": {"count": {"1h": 3}}}""");

        var lines = EvalReport.ToText(trial).Split('\n');

        Assert.Equal("error: the facts do not say what history.count(\"2h\") is", lines[0]);
        Assert.Equal("without an answer, a deny or require rule matches and an allow rule does not", lines[^1]);
    }

    [Fact]
    public void As_data_the_value_has_the_shape_of_the_conformance_data()
    {
        var report = EvalReport.Of(Try("[action.bytes, 2]", """{"action": {"bytes": 1}}"""));

        Assert.Equal("list", report.GetProperty("t").GetString());
        Assert.Equal("""[{"t":"int","v":"1"},{"t":"int","v":"2"}]""", report.GetProperty("v").GetRawText());
        Assert.Equal("list(int)", report.GetProperty("type").GetString());
        Assert.Equal(0, report.GetProperty("unknown").GetArrayLength());
    }

    [Fact]
    public void A_misspelt_fact_is_no_unknown_fact()
    {
        var facts = TrialFacts.Read(JsonElement.Parse("""{"sql": {"verb": ["DROP"]}, "action": {"bytes": "1"}}"""));

        Assert.Equal(
            ["no fact is called 'sql.verb' (did you mean 'sql.verbs'?)", "the fact action.bytes is no int"],
            facts.Errors);
    }

    private static Trial Try(string condition, string facts)
    {
        var (trial, errors) = Trial.Of(condition, TrialFacts.Read(JsonElement.Parse(facts)));
        Assert.Empty(errors);
        return trial!;
    }

    private string Write(string name, string text)
    {
        File.WriteAllText(_folder.PathOf(name), text);
        return _folder.PathOf(name);
    }

    private static Task<int> RunAsync(params string[] arguments) => EvalCommand.Create().Parse(arguments).InvokeAsync();
}
