using Countersign.Core.Policies.Cel;
using Countersign.Core.Policies.Cel.Ast;
using Countersign.Core.Policies.Cel.Parsing;
using FsCheck;
using FsCheck.Fluent;

namespace Countersign.Tests.Policies.Cel;

public sealed class PrintingTests
{
    [Fact]
    public void Printing_is_the_inverse_of_parsing()
    {
        var property = Prop.ForAll(ArbMap.Default.ArbFor<int>(), static seed =>
        {
            var expression = new RandomExpressions(seed).Next();
            return Shape.Of(Parse(expression.ToString())) == Shape.Of(expression);
        });

        property.Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }

    [Theory]
    [InlineData("a || b && c", "a || b && c")]
    [InlineData("(a || b) && c", "(a || b) && c")]
    [InlineData("(a && b) || c", "a && b || c")]
    [InlineData("a + b * c", "a + b * c")]
    [InlineData("(a + b) * c", "(a + b) * c")]
    [InlineData("a - (b - c)", "a - (b - c)")]
    [InlineData("(a - b) - c", "a - b - c")]
    [InlineData("!(a == b)", "!(a == b)")]
    [InlineData("!a == b", "!a == b")]
    [InlineData("-(5)", "-(5)")]
    [InlineData("-5", "-5")]
    [InlineData("(a ? b : c) ? d : e", "(a ? b : c) ? d : e")]
    [InlineData("a ? b : (c ? d : e)", "a ? b : c ? d : e")]
    [InlineData("has(a.b.c)", "has(a.b.c)")]
    [InlineData("x.all(v,v>0)", "x.all(v, v > 0)")]
    [InlineData("{'a':1,'b':[1,2,]}", "{\"a\": 1, \"b\": [1, 2]}")]
    [InlineData("x.`a-b` // a comment", "x.`a-b`")]
    [InlineData("r'\\d' + b'\\xff'", "\"\\\\d\" + b\"\\xff\"")]
    public void An_expression_prints_with_as_few_parentheses_as_needed(string source, string printed) =>
        Assert.Equal(printed, Parse(source).ToString());

    [Fact]
    public void Atoms_are_the_conditions_between_the_logical_operators() =>
        Assert.Equal(
            ["a == 1", "b", "x.exists(v, v && w)"],
            CelExpression.Atoms("a == 1 && !(b || a == 1) && x.exists(v, v && w)"));

    private static Expression Parse(string source)
    {
        Assert.True(
            Parser.TryParse(source, CelLimits.Default, out var expression, out var error), $"{error}\n{source}");
        return expression;
    }
}
