using Countersign.Core.Policies.Cel;

namespace Countersign.Tests.Policies.Cel;

/// <summary>A small schema like the product's, and a frame that fills it.</summary>
internal static class PolicySchema
{
    private static readonly FactSchema.Builder Builder = new() { FindTimeZone = TimeZones.Find };

    public static readonly Fact Gate = Builder.Add("action.gate", CelType.String);
    public static readonly Fact Bytes = Builder.Add("action.bytes", CelType.Int);
    public static readonly Fact Arguments = Builder.Add("action.arguments", CelType.Dyn);
    public static readonly Fact Environment = Builder.Add("target.environment", CelType.String);
    public static readonly Fact Labels = Builder.Add("target.labels", CelType.MapOf(CelType.String, CelType.String));
    public static readonly Fact ReadOnly = Builder.Add("sql.read_only", CelType.Bool);
    public static readonly Fact Verbs = Builder.Add(
        "sql.verbs", CelType.ListOf(CelType.String), maxElements: 64, maxLength: 64);
    public static readonly Fact Reads = Builder.Add("sql.reads", CelType.ListOf(CelType.String));
    public static readonly FactFunction Frozen = Builder.AddFunction("calendar.frozen", [CelType.String], CelType.Bool);
    public static readonly FactFunction CountText = Builder.AddFunction("history.count", [CelType.String], CelType.Int);
    public static readonly FactFunction CountTime = Builder.AddFunction(
        "history.count", [CelType.Duration], CelType.Int);
    public static readonly FactSchema Schema = Builder.Build();

    public static FactFrame Frame()
    {
        var frame = new FactFrame(Schema);
        frame.Set(Gate, CelValue.FromString("postgres"));
        frame.Set(Bytes, CelValue.FromInt(900));
        frame.Set(Environment, CelValue.FromString("production"));
        frame.Set(ReadOnly, CelValue.False);
        frame.Set(Verbs, CelValue.FromStrings(["SELECT", "DELETE"]));
        frame.Bind(Frozen, static arguments => CelValue.FromBool(arguments[0].AsString == "production"));
        frame.Bind(CountText, static arguments => CelValue.FromInt(arguments[0].AsString.Length));
        return frame;
    }

    public static CelProgram Compile(string source)
    {
        var result = CelExpression.Compile(source, Schema);
        return Assert.IsType<CompileResult.Ok>(result, exactMatch: true).Program;
    }

    public static CelError Refuse(string source)
    {
        var result = CelExpression.Compile(source, Schema);
        return Assert.IsType<CompileResult.Failed>(result, exactMatch: true).Errors[0];
    }
}
