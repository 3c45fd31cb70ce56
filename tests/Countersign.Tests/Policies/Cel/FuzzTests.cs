using Countersign.Core.Policies.Cel;

namespace Countersign.Tests.Policies.Cel;

public sealed class FuzzTests
{
    private const int Count = 100_000;

    [Fact]
    public void No_random_expression_makes_the_evaluator_throw()
    {
        var schema = Schema(out var frame);
        for (var seed = 0; seed < Count; seed++)
        {
            var source = new RandomExpressions(seed).Next(depth: 3).ToString();
            if (CelExpression.CompileUnchecked(source, schema) is CompileResult.Ok { Program: var program })
            {
                var value = program.Evaluate(frame);
                var isInternal = value.IsError
                    && value.Fault.Reason.StartsWith("internal error", StringComparison.Ordinal);
                Assert.False(isInternal, $"seed {seed}: {source}\n{value}");
                _ = CelJson.Print(value);
            }
        }
    }

    [Fact]
    public void Whatever_passes_the_checker_answers_in_the_promised_type()
    {
        var schema = Schema(out var frame);
        for (var seed = 0; seed < Count / 4; seed++)
        {
            var source = new RandomExpressions(seed).Next(depth: 3).ToString();
            if (CelExpression.Compile(source, schema) is CompileResult.Ok { Program: var program })
            {
                var value = program.Evaluate(frame);
                var answer = program.EvaluateBool(frame);
                Assert.True(value.IsError || Fits(value.Kind, program.ResultType), $"{source}: {value}");
                Assert.True(answer.Fault is not null || answer.Holds == value.AsBool, source);
            }
        }
    }

    [Fact]
    public void No_random_text_makes_the_parser_throw()
    {
        var random = new Random(1);
        const string Alphabet = "ab1.0xu'\"\\r()[]{}<>=!&|?:,+-*/% \n`ué😀_ in has true";
        for (var i = 0; i < Count; i++)
        {
            var source = new string(random.GetItems<char>(Alphabet, random.Next(40)));
            _ = CelExpression.CompileUnchecked(source, FactSchema.Empty);
        }
    }

    private static FactSchema Schema(out FactFrame frame)
    {
        var builder = new FactSchema.Builder();
        var a = builder.Add("a", CelType.Int);
        var b = builder.Add("b", CelType.ListOf(CelType.String));
        var verbs = builder.Add("sql.verbs", CelType.ListOf(CelType.String));
        var arguments = builder.Add("action.arguments", CelType.Dyn);
        builder.Add("action.name", CelType.String);
        var schema = builder.Build();
        frame = new FactFrame(schema);
        frame.Set(a, CelValue.FromInt(7));
        frame.Set(b, CelValue.FromStrings(["a", "é😀", ""]));
        frame.Set(verbs, CelValue.FromStrings(["DROP", "SELECT"]));
        using var json = System.Text.Json.JsonDocument.Parse(
            """{"name": "x", "if": [1, 2.5, null, {"verbs": true}]}""");
        frame.Set(arguments, CelValue.FromJson(json.RootElement));
        return schema;
    }

    private static bool Fits(CelKind kind, CelType type) => type switch
    {
        CelType.List => kind == CelKind.List,
        CelType.Map => kind == CelKind.Map,
        _ => type == CelType.Dyn || kind switch
        {
            CelKind.Bool => type == CelType.Bool,
            CelKind.Int => type == CelType.Int,
            CelKind.Uint => type == CelType.Uint,
            CelKind.Double => type == CelType.Double,
            CelKind.String => type == CelType.String,
            CelKind.Bytes => type == CelType.Bytes,
            CelKind.Null => type == CelType.Null,
            CelKind.Timestamp => type == CelType.Timestamp,
            CelKind.Duration => type == CelType.Duration,
            _ => type == CelType.Type,
        },
    };
}
