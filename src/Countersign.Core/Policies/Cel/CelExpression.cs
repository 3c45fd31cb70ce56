using System.Collections.Immutable;
using Countersign.Core.Policies.Cel.Ast;
using Countersign.Core.Policies.Cel.Checking;
using Countersign.Core.Policies.Cel.Parsing;

namespace Countersign.Core.Policies.Cel;

/// <summary>Turns the text of a condition into a program.</summary>
public static class CelExpression
{
    /// <summary>
    /// Compiles against a schema: unknown names, wrong types and too high a cost refuse the expression.
    /// </summary>
    public static CompileResult Compile(string source, FactSchema schema) =>
        Compile(source, schema, CelLimits.Default);

    public static CompileResult Compile(string source, FactSchema schema, CelLimits limits)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(limits);
        return Compile(source, schema, limits, isLenient: false);
    }

    /// <summary>
    /// Compiles without types: what a schema would refuse becomes an error value when it is evaluated, as the public
    /// conformance data expects of expressions that are not checked.
    /// </summary>
    public static CompileResult CompileUnchecked(string source, FactSchema schema)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(schema);
        return Compile(source, schema, CelLimits.Default, isLenient: true);
    }

    /// <summary>
    /// The conditions that &amp;&amp;, || and ! combine, each once, in the order written; none when the text does not
    /// parse. An atom compiles on its own, so a decision can be explained atom by atom.
    /// </summary>
    public static ImmutableArray<string> Atoms(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Parser.TryParse(source, CelLimits.Default, out var expression, out _)
            ? [.. AtomsOf(expression).Select(static atom => atom.ToString()).Distinct()]
            : [];
    }

    private static IEnumerable<Expression> AtomsOf(Expression expression) => expression switch
    {
        Expression.Logical logical => logical.Operands.SelectMany(AtomsOf),
        Expression.Unary { Operator: UnaryOperator.Not } not => AtomsOf(not.Operand),
        _ => [expression],
    };

    private static CompileResult Compile(string source, FactSchema schema, CelLimits limits, bool isLenient)
    {
        // 1. Parse: syntax, length and depth.
        if (!Parser.TryParse(source, limits, out var expression, out var error))
        {
            return new CompileResult.Failed([error!]);
        }

        // 2. Check: names, types, nesting of comprehensions.
        var result = Checker.Check(source, expression, schema, limits, isLenient);
        if (!result.Errors.IsEmpty)
        {
            return new CompileResult.Failed(result.Errors);
        }

        // 3. Bound the cost. Without a schema there are no sizes, and the step budget alone is the bound.
        var cost = CostEstimate.Of(result);
        if (cost > limits.Cost && !isLenient)
        {
            return new CompileResult.Failed([TooExpensive(source, expression, cost, limits)]);
        }

        // 4. Compile to delegates.
        return new CompileResult.Ok(new CelProgram(source, schema, result, cost, limits));
    }

    private static CelError TooExpensive(string source, Expression expression, long cost, CelLimits limits) =>
        CelError.At(
            source,
            expression.At,
            $"the expression may take {cost} steps, more than {limits.Cost}; " +
            "avoid nested comprehensions over long lists");
}
