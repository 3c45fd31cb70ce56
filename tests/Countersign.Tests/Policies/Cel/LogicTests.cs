using Countersign.Core.Policies.Cel;

namespace Countersign.Tests.Policies.Cel;

/// <summary>Errors in logic: a decisive operand wins over an error on either side.</summary>
public sealed class LogicTests
{
    private const string True = "true";
    private const string False = "false";
    private const string Error = "error";

    private static readonly Dictionary<string, string> Operands = new()
    {
        [True] = "1 == 1",
        [False] = "1 == 2",
        [Error] = "1 / 0 == 1",
    };

    [Theory]
    [InlineData(True, True, True, True)]
    [InlineData(True, False, False, True)]
    [InlineData(True, Error, Error, True)]
    [InlineData(False, True, False, True)]
    [InlineData(False, False, False, False)]
    [InlineData(False, Error, False, Error)]
    [InlineData(Error, True, Error, True)]
    [InlineData(Error, False, False, Error)]
    [InlineData(Error, Error, Error, Error)]
    public void A_decisive_operand_absorbs_an_error(string left, string right, string and, string or)
    {
        Assert.Equal(and, Answer($"{Operands[left]} && {Operands[right]}"));
        Assert.Equal(or, Answer($"{Operands[left]} || {Operands[right]}"));
    }

    [Theory]
    [InlineData("[0, 1].all(x, 1 / x == 2)", False)]
    [InlineData("[0, 1].all(x, 1 / x == 1)", Error)]
    [InlineData("[0, 1].exists(x, 1 / x == 1)", True)]
    [InlineData("[0, 1].exists(x, 1 / x == 2)", Error)]
    [InlineData("[0, 1].exists_one(x, 1 / x == 1)", Error)]
    [InlineData("[1, 2].exists_one(x, x == 1)", True)]
    [InlineData("[1, 1].exists_one(x, x == 1)", False)]
    [InlineData("[].all(x, x)", True)]
    [InlineData("[].exists(x, x)", False)]
    [InlineData("!(1 / 0 == 1)", Error)]
    [InlineData("true ? 1 / 0 == 1 : true", Error)]
    [InlineData("false ? 1 / 0 == 1 : true", True)]
    [InlineData("cel.bind(x, 1 / 0, true)", True)]
    [InlineData("1 / 0 == 1 || 2 / 0 == 2 || true", True)]
    [InlineData("dyn('text') && false", False)]
    [InlineData("dyn('text') && true", Error)]
    public void Quantifiers_and_branches_treat_errors_as_the_language_says(string source, string answer) =>
        Assert.Equal(answer, Answer(source));

    [Fact]
    public void A_missing_fact_is_an_error_that_names_it()
    {
        var program = PolicySchema.Compile("sql.read_only && target.environment == 'x'");

        var answer = program.EvaluateBool(new FactFrame(PolicySchema.Schema));

        Assert.Equal("no such fact: sql.read_only", answer.Fault?.Reason);
    }

    private static string Answer(string source)
    {
        var program = PolicySchema.Compile(source);
        var answer = program.EvaluateBool(PolicySchema.Frame());
        var value = program.Evaluate(PolicySchema.Frame());

        // Both ways of asking agree.
        Assert.Equal(answer.Fault is not null, value.IsError);
        return answer.Fault is not null ? Error : answer.Holds ? True : False;
    }
}
