using Countersign.Core.Actions;
using Countersign.Core.Policies.Cel;

namespace Countersign.Core.Policies.Inputs;

/// <summary>Facts that only some gates derive: <c>sql</c>, <c>mcp</c>, <c>http</c>, <c>command</c>.</summary>
internal static class GateFacts
{
    private static readonly CelType Strings = CelType.ListOf(CelType.String);
    private static readonly CelType StringMap = CelType.MapOf(CelType.String, CelType.String);
    private static readonly CelType Document = CelType.MapOf(CelType.String, CelType.Dyn);

    public static void AddTo(SchemaBuilder builder)
    {
        AddSql(builder);
        AddMcp(builder);
        AddHttp(builder);
        AddCommand(builder);
    }

    private static void AddSql(SchemaBuilder builder)
    {
        var gates = GateSet.Of(GateKind.Postgres);
        foreach (var list in (string[])["verbs", "reads", "writes", "columns", "functions", "locks"])
        {
            builder.AddDerived("sql", list, Strings, FactSize.Names, gates);
        }

        foreach (var flag in (string[])
            ["read_only", "no_where", "touches_masked", "deferred_code", "opaque", "in_transaction"])
        {
            builder.AddDerived("sql", flag, CelType.Bool, FactSize.Name, gates);
        }
    }

    private static void AddMcp(SchemaBuilder builder)
    {
        var gates = GateSet.Of(GateKind.Mcp);
        builder.AddDerived("mcp", "tool", CelType.String, FactSize.Name, gates);
        builder.AddDerived("mcp", "annotations", Document, FactSize.Texts, gates);
    }

    private static void AddHttp(SchemaBuilder builder)
    {
        var gates = GateSet.Of(GateKind.Http);
        builder.AddDerived("http", "method", CelType.String, FactSize.Name, gates);
        builder.AddDerived("http", "path", CelType.String, FactSize.Text, gates);
        builder.AddDerived("http", "operation_id", CelType.String, FactSize.Name, gates);
        builder.AddDerived("http", "path_parameters", StringMap, FactSize.Texts, gates);
        builder.AddDerived("http", "parameters", CelType.MapOf(CelType.String, Document), FactSize.Texts, gates);
        builder.AddDerived("http", "unfit", Strings, FactSize.Names, gates);
        builder.AddDerived("http", "query", CelType.MapOf(CelType.String, Strings), FactSize.Texts, gates);
        builder.AddDerived("http", "headers", StringMap, FactSize.Texts, gates);
        builder.AddDerived("http", "body", CelType.Dyn, FactSize.Document, gates);
        builder.AddDerived("http", "mapped", CelType.Bool, FactSize.Name, gates);
        builder.AddDerived("http", "graphql_type", CelType.String, FactSize.Name, gates);
        builder.AddDerived("http", "graphql_fields", Strings, FactSize.Names, gates);
    }

    private static void AddCommand(SchemaBuilder builder)
    {
        var gates = GateSet.Of(GateKind.Command, GateKind.Hook);
        builder.AddDerived("command", "program", CelType.String, FactSize.Text, gates);
        builder.AddDerived("command", "working_directory", CelType.String, FactSize.Text, gates);
        builder.AddDerived("command", "argv", Strings, FactSize.Texts, gates);
        builder.AddDerived("command", "opaque", CelType.Bool, FactSize.Name, gates);

        // Coding agents' hooks report the tool that is about to run; a plain command has none.
        var hook = GateSet.Of(GateKind.Hook);
        builder.AddDerived("command", "tool", CelType.String, FactSize.Name, hook);
        builder.AddDerived("command", "input", CelType.Dyn, FactSize.Document, hook);
    }
}
