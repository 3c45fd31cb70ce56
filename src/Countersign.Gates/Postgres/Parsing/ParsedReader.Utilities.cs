using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>DDL and the rest, as the server's grammar names them.</summary>
internal sealed partial class ParsedReader
{
    private const string AccessExclusive = "ACCESS EXCLUSIVE";
    private const string ShareUpdateExclusive = "SHARE UPDATE EXCLUSIVE";
    private const string ShareRowExclusive = "SHARE ROW EXCLUSIVE";

    private Parsed ReadUtility(string kind, JsonElement tagged, JsonElement node, StatementText text)
    {
        if (WhyNever(kind) is var (verb, why))
        {
            return new Parsed.Never(text.At, verb, why);
        }

        var effect = kind switch
        {
            "CreateTableAsStmt" => ReadTableAs(node, text),
            "ViewStmt" => ReadView(node, text),
            "CreateSchemaStmt" => Schema(node),
            _ => EffectOf(kind, tagged, node),
        };
        return effect is null
            ? new Parsed.Never(text.At, kind, "This kind of statement is not understood, so nobody could judge it.")
            : new Parsed.Command(text.At, effect);
    }

    private static CommandEffect? EffectOf(string kind, JsonElement tagged, JsonElement node) =>
        EffectOfRelation(kind, tagged, node)
        ?? EffectOfCode(kind, node)
        ?? EffectOfMaking(kind, node)
        ?? EffectOfChange(kind, node)
        ?? EffectOfAccess(kind, node)
        ?? EffectOfUpkeep(kind, node);

    private static (string Verb, string Why)? WhyNever(string kind) => kind switch
    {
        "LoadStmt" => ("LOAD", "It loads a library into the server, which can do anything there."),
        "AlterSystemStmt" => ("ALTER SYSTEM", "It changes the settings of the whole server, beyond this database."),
        "CreateSubscriptionStmt" or "AlterSubscriptionStmt" or "DropSubscriptionStmt" => (
            "SUBSCRIPTION", "Replication moves rows past this gateway."),
        _ => null,
    };

    private CommandEffect ReadTableAs(JsonElement node, StatementText text)
    {
        var isView = node.Text("objtype") == "OBJECT_MATVIEW";
        var name = RangeObject(isView ? "MATERIALIZED VIEW" : "TABLE", node.Member("into").Member("rel"));
        var start = text.Find("as", 1) + 1;
        var length = text.Count - start;
        if (length > 1 && text.Is(text.Count - 1, "data"))
        {
            length -= text.Is(text.Count - 2, "with") ? 2 : text.Is(text.Count - 3, "with") ? 3 : 0;
        }

        return new CommandEffect("CREATE", [name])
        {
            DeferredCode = isView,
            Inner = start > 0 ? ReadInner(node.Member("query"), text.Slice(start, length)) : null,
        };
    }

    /// <summary>A recursive view's query is written by the grammar, so that there is no text of it.</summary>
    private CommandEffect ReadView(JsonElement node, StatementText text)
    {
        var start = text.Find("as", 1) + 1;
        var isRecursive = text.Find("recursive", 1) is var recursive && recursive > 0 && recursive < start;
        var length = text.Count - start;
        if (node.Text("withCheckOption") is "LOCAL_CHECK_OPTION" or "CASCADED_CHECK_OPTION")
        {
            length -= text.Is(text.Count - 3, "with") ? 3 : 4;
        }

        return new CommandEffect("CREATE", [RangeObject("VIEW", node.Member("view"))])
        {
            DeferredCode = true,
            Lock = node.Flag("replace") ? AccessExclusive : null,
            Inner = isRecursive || start == 0
                ? null
                : ReadInner(node.Member("query"), text.Slice(start, length)),
        };
    }

    /// <summary>What is made inside of a schema counts as if it stood alone.</summary>
    private static CommandEffect Schema(JsonElement node)
    {
        var owner = node.Member("authrole").Text("rolename");
        var effect = new CommandEffect("CREATE", [new("SCHEMA", null, node.Text("schemaname") ?? owner ?? "")]);
        foreach (var element in node.List("schemaElts"))
        {
            var (kind, made) = element.Open();
            var inner = EffectOf(kind, element, made);
            effect = effect with
            {
                Objects = effect.Objects.AddRange(inner?.Objects ?? []),
                DeferredCode = effect.DeferredCode || inner is not { DeferredCode: false },
            };
        }

        return effect;
    }

    private static CommandEffect? EffectOfRelation(string kind, JsonElement tagged, JsonElement node) => kind switch
    {
        "CreateStmt" => Table("TABLE", tagged, node),
        "CreateForeignTableStmt" => Table(
            "FOREIGN TABLE", tagged, node.Has("base_stmt") ? node.Member("base_stmt") : node.Member("base")),
        "ViewStmt" => new("CREATE", [RangeObject("VIEW", node.Member("view"))]) { DeferredCode = true },
        "CreateSeqStmt" => new("CREATE", [RangeObject("SEQUENCE", node.Member("sequence"))]),
        "AlterSeqStmt" => new("ALTER", [RangeObject("SEQUENCE", node.Member("sequence"))])
        {
            Lock = ShareRowExclusive,
        },
        "IndexStmt" => Index(node),
        "AlterTableStmt" => AlteredTable(tagged, node),
        "TruncateStmt" => new("TRUNCATE", [.. node.List("relations").Select(each => ObjectOf("TABLE", each))])
        {
            Cascades = IsCascade(node),
            Lock = AccessExclusive,
        },
        "DropStmt" => Dropped(node),
        _ => null,
    };

    private static CommandEffect Table(string kind, JsonElement tagged, JsonElement node) => new(
        "CREATE",
        [
            RangeObject(kind, node.Member("relation")),
            .. node.List("inhRelations").Select(each => ObjectOf("TABLE", each)),
        ])
    {
        // LIKE may copy the defaults, checks and indexes of another table.
        DeferredCode = TreeWalk.HasKeptCode(JsonMarshal.GetRawUtf8Value(tagged))
            || node.List("tableElts").OfKind("TableLikeClause").Any(like => like.Number("options") != 0),
        Lock = node.List("inhRelations").IsEmpty ? null : ShareUpdateExclusive,
    };

    private static CommandEffect Index(JsonElement node)
    {
        var isConcurrent = node.Flag("concurrent");
        var columns = node.List("indexParams").Concat(node.List("indexIncludingParams")).OfKind("IndexElem");
        var table = RangeObject("TABLE", node.Member("relation"));
        ImmutableArray<CommandObject> named = node.Text("idxname") is { } name
            ? [new("INDEX", table.Schema, name)]
            : [];
        return new CommandEffect("CREATE", named.Add(table))
        {
            DeferredCode = node.Has("whereClause") || columns.Any(column => column.Has("expr")),
            RunsAlone = isConcurrent,
            Lock = isConcurrent ? ShareUpdateExclusive : "SHARE",
        };
    }

    private static CommandEffect AlteredTable(JsonElement tagged, JsonElement node)
    {
        var commands = node.List("cmds").OfKind("AlterTableCmd").ToList();
        var isConcurrent = commands.Any(command => command.Member("def").Member("PartitionCmd").Flag("concurrent"));
        return new CommandEffect(
            "ALTER",
            [
                RangeObject(KindOf(node.Text("objtype")), node.Member("relation")),
                .. commands
                    .Select(command => command.Member("def"))
                    .Select(other => other.Has("RangeVar") ? other : other.Member("PartitionCmd").Member("name"))
                    .Where(other => other.ValueKind == JsonValueKind.Object)
                    .Select(other => RangeObject("TABLE", other.Has("RangeVar") ? other.Member("RangeVar") : other)),
            ])
        {
            DeferredCode = commands.Any(ChangesCode) || TreeWalk.HasKeptCode(JsonMarshal.GetRawUtf8Value(tagged)),
            Cascades = commands.Any(IsCascade),
            RunsAlone = isConcurrent,
            Lock = isConcurrent ? ShareUpdateExclusive : AccessExclusive,
        };
    }

    /// <summary>
    /// Which triggers and rules fire, who sees which rows, and a default that is more than a constant.
    /// </summary>
    private static bool ChangesCode(JsonElement command)
    {
        var subtype = command.Text("subtype") ?? "";
        return subtype.Contains("Trig", StringComparison.Ordinal)
            || subtype.Contains("Rule", StringComparison.Ordinal)
            || subtype.Contains("RowSecurity", StringComparison.Ordinal)
            || (subtype.Contains("Default", StringComparison.Ordinal)
                && command.Has("def")
                && command.Member("def").Open().Kind is not ("A_Const" or "SQLValueFunction"));
    }

    private static CommandEffect Dropped(JsonElement node)
    {
        var kind = KindOf(node.Text("removeType"));
        var isConcurrent = node.Flag("concurrent");
        return new CommandEffect("DROP", [.. node.List("objects").Select(each => ObjectOf(kind, each))])
        {
            Cascades = IsCascade(node),
            RunsAlone = isConcurrent,
            Lock = isConcurrent ? ShareUpdateExclusive : LockOfDrop(kind),
        };
    }

    private static string? LockOfDrop(string kind) => kind
        is "TABLE" or "VIEW" or "MATERIALIZED VIEW" or "FOREIGN TABLE" or "SEQUENCE" or "INDEX" or "TRIGGER" or "RULE"
        or "POLICY"
            ? AccessExclusive
            : null;

    private static bool IsCascade(JsonElement node) => node.Text("behavior") == "DROP_CASCADE";
}
