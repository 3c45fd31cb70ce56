using System.Text.Json;
using Countersign.Core.Policies.Cel;
using Countersign.Core.Policies.Inputs;
using ProductSchema = Countersign.Core.Policies.Inputs.PolicySchema;

namespace Countersign.Tests.Policies.Cel;

/// <summary>
/// Each condition of <c>HostileConditions.txt</c>, compiled as a rule and asked about the largest action that the facts
/// declare. What counts is the steps, never the time.
/// </summary>
public sealed class HostileConditionTests
{
    private static readonly string[] s_refusals =
        ["steps, more than 1000000", "the pattern is refused", "more than 4 comprehensions"];

    private static readonly string[] s_stops = ["the step budget is exhausted", "the string would be longer"];

    private static readonly TrialFacts s_largest = Largest();

    public static TheoryData<string, string> Conditions
    {
        get
        {
            var cases = new TheoryData<string, string>();
            var path = RepositoryRoot.Combine(
                "tests", "Countersign.Tests", "Policies", "Cel", "HostileConditions.txt");
            foreach (var line in File.ReadLines(path).Where(line => !line.StartsWith('#')))
            {
                var words = line.Split(' ', 2);
                cases.Add(words[0], words[1].Trim());
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Conditions))]
    public void A_hostile_condition_is_refused_or_stopped_or_answers_within_its_cost(string outcome, string condition)
    {
        var result = CelExpression.Compile(condition, ProductSchema.Instance.Schema);

        if (outcome == "refused")
        {
            var error = Assert.Single(Assert.IsType<CompileResult.Failed>(result).Errors);
            Assert.Contains(s_refusals, reason => error.Message.Contains(reason, StringComparison.Ordinal));
            return;
        }

        var program = Assert.IsType<CompileResult.Ok>(result).Program;
        var value = program.Evaluate(s_largest.Frame, out var steps);

        Assert.InRange(program.Cost, 0, CelLimits.Default.Cost);
        Assert.InRange(steps, 0, outcome == "budget" ? CelLimits.Default.Steps : program.Cost);
        Assert.Equal(outcome == "stopped", value.IsError);
        Assert.True(!value.IsError || s_stops.Any(value.Fault.Reason.StartsWith), value.ToString());
    }

    [Theory]
    [MemberData(nameof(Conditions))]
    public void Without_a_checker_the_budget_alone_ends_it(string outcome, string condition)
    {
        if (CelExpression.CompileUnchecked(condition, ProductSchema.Instance.Schema) is CompileResult.Ok ok)
        {
            var value = ok.Program.Evaluate(s_largest.Frame, out var steps);

            Assert.InRange(steps, 0, CelLimits.Default.Steps);
            Assert.True(outcome != "answers" || !value.IsError, value.ToString());
        }
    }

    /// <summary>Every fact as large as it may be; nothing says how long a member of the arguments is.</summary>
    private static TrialFacts Largest()
    {
        var names = Enumerable.Range(0, 256).Select(i => new string('a', 252) + i.ToString("D4", null)).ToArray();
        var members = Enumerable.Range(0, 998).ToDictionary(i => $"m{i}", i => new string('x', 2_000) + i);
        members["a"] = new string('y', 500_000);
        members["b"] = new string('y', 499_999) + "z";
        var facts = TrialFacts.Read(JsonSerializer.SerializeToElement(new
        {
            action = new { operation = new string('a', 65_536), bytes = 60_000, arguments = members },
            sql = new { reads = names },
            calendar = new { frozen = new { x = true } },
        }));
        Assert.Empty(facts.Errors);
        return facts;
    }
}
