using System.Runtime.InteropServices;
using System.Text.Json;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>What makes, changes and keeps up objects other than relations.</summary>
internal sealed partial class ParsedReader
{
    /// <summary>What leaves code behind that runs when others work with the database.</summary>
    private static CommandEffect? EffectOfCode(string kind, JsonElement node)
    {
        var effect = kind switch
        {
            "CreateFunctionStmt" => Create(NamedObject(
                node.Flag("is_procedure") ? "PROCEDURE" : "FUNCTION", node.List("funcname").Strings())),
            "AlterFunctionStmt" => Alter(NamedObject(
                KindOf(node.Text("objtype")), node.Member("func").List("objname").Strings())),
            "CreateTrigStmt" => Create(
                Named("TRIGGER", node, "trigname"), RangeObject("TABLE", node.Member("relation"))) with
            {
                Lock = ShareRowExclusive,
            },
            "RuleStmt" => Create(
                Named("RULE", node, "rulename"), RangeObject("TABLE", node.Member("relation"))) with
            {
                Lock = AccessExclusive,
            },
            "CreatePolicyStmt" or "AlterPolicyStmt" => (kind[0] == 'C' ? Create() : Alter()) with
            {
                Objects = [Named("POLICY", node, "policy_name"), RangeObject("TABLE", node.Member("table"))],
                Lock = AccessExclusive,
            },
            "CreateEventTrigStmt" => Create(Named("EVENT TRIGGER", node, "trigname")),
            "AlterEventTrigStmt" => Alter(Named("EVENT TRIGGER", node, "trigname")),
            "CreateExtensionStmt" => Create(Named("EXTENSION", node, "extname")),
            "AlterExtensionStmt" or "AlterExtensionContentsStmt" => Alter(Named("EXTENSION", node, "extname")),
            "CreateFdwStmt" => Create(Named("FOREIGN DATA WRAPPER", node, "fdwname")),
            "AlterFdwStmt" => Alter(Named("FOREIGN DATA WRAPPER", node, "fdwname")),
            "CreateAmStmt" => Create(Named("ACCESS METHOD", node, "amname")),
            "CreateCastStmt" => Create(NamedObject("CAST", node.Member("targettype").List("names").Strings())),
            "CreateConversionStmt" => Create(NamedObject("CONVERSION", node.List("conversion_name").Strings())),
            "CreateOpClassStmt" => Create(NamedObject("OPERATOR CLASS", node.List("opclassname").Strings())),
            "CreateOpFamilyStmt" => Create(NamedObject("OPERATOR FAMILY", node.List("opfamilyname").Strings())),
            "AlterOpFamilyStmt" => Alter(NamedObject("OPERATOR FAMILY", node.List("opfamilyname").Strings())),
            "AlterOperatorStmt" => Alter(NamedObject(
                "OPERATOR", node.Member("opername").List("objname").Strings())),
            "AlterTypeStmt" => Alter(NamedObject("TYPE", node.List("typeName").Strings())),
            "CreatePLangStmt" => Create(Named("LANGUAGE", node, "plname")),
            "CreateTransformStmt" => Create(Named("TRANSFORM", node, "lang")),
            "CreateRangeStmt" => Create(NamedObject("TYPE", node.List("typeName").Strings())),
            "DefineStmt" when !IsPlainDefinition(node) => Create(Defined(node)),
            _ => null,
        };
        return effect is null ? null : effect with { DeferredCode = true };
    }

    private static CommandObject Defined(JsonElement node) =>
        NamedObject(KindOf(node.Text("kind")), node.List("defnames").Strings());

    /// <summary>Collations and lists of dictionaries call nothing of anybody's.</summary>
    private static bool IsPlainDefinition(JsonElement node) =>
        node.Text("kind") is "OBJECT_COLLATION" or "OBJECT_TSCONFIGURATION" or "OBJECT_TSDICTIONARY";

    private static CommandEffect? EffectOfMaking(string kind, JsonElement node) => kind switch
    {
        "DefineStmt" => Create(Defined(node)),
        "CompositeTypeStmt" => Create(RangeObject("TYPE", node.Member("typevar"))),
        "CreateEnumStmt" => Create(NamedObject("TYPE", node.List("typeName").Strings())),
        "CreateDomainStmt" => Create(NamedObject("DOMAIN", node.List("domainname").Strings())) with
        {
            DeferredCode = TreeWalk.HasKeptCode(JsonMarshal.GetRawUtf8Value(node)),
        },
        "CreateStatsStmt" => Create(NamedObject("STATISTICS", node.List("defnames").Strings())) with
        {
            DeferredCode = node.List("exprs").OfKind("StatsElem").Any(column => column.Has("expr")),
            Lock = ShareUpdateExclusive,
        },
        "CreateForeignServerStmt" => Create(Named("SERVER", node, "servername")),
        "CreateUserMappingStmt" => Create(Named("USER MAPPING", node, "servername")),
        "ImportForeignSchemaStmt" => new("IMPORT", [Named("SCHEMA", node, "local_schema")]) { DeferredCode = true },
        "CreatePublicationStmt" => Create(Named("PUBLICATION", node, "pubname")),
        "CreatedbStmt" => Create(Named("DATABASE", node, "dbname")) with { RunsAlone = true },
        "CreateTableSpaceStmt" => Create(Named("TABLESPACE", node, "tablespacename")) with { RunsAlone = true },
        "DropdbStmt" => Drop(Named("DATABASE", node, "dbname")) with { RunsAlone = true },
        "DropTableSpaceStmt" => Drop(Named("TABLESPACE", node, "tablespacename")) with { RunsAlone = true },
        "DropUserMappingStmt" => Drop(Named("USER MAPPING", node, "servername")),
        _ => null,
    };

    private static CommandEffect? EffectOfChange(string kind, JsonElement node) => kind switch
    {
        "AlterDomainStmt" => Alter(NamedObject("DOMAIN", node.List("typeName").Strings())) with
        {
            Cascades = IsCascade(node),
            DeferredCode = node.Has("def"),
        },
        "AlterEnumStmt" => Alter(NamedObject("TYPE", node.List("typeName").Strings())),
        "RenameStmt" => Alter(Renamed(node, KindOf(node.Text("renameType")))) with
        {
            Cascades = IsCascade(node),
            Lock = node.Has("relation") ? AccessExclusive : null,
        },
        "AlterOwnerStmt" or "AlterObjectSchemaStmt" or "AlterObjectDependsStmt" => Alter(
            OwnOr(node, KindOf(node.Text("objectType")))) with
        {
            Lock = node.Has("relation") ? AccessExclusive : null,
        },
        "AlterCollationStmt" => Alter(NamedObject("COLLATION", node.List("collname").Strings())),
        "AlterTSDictionaryStmt" => Alter(
            NamedObject("TEXT SEARCH DICTIONARY", node.List("dictname").Strings())),
        "AlterTSConfigurationStmt" => Alter(
            NamedObject("TEXT SEARCH CONFIGURATION", node.List("cfgname").Strings())),
        "AlterStatsStmt" => Alter(NamedObject("STATISTICS", node.List("defnames").Strings())),
        "AlterForeignServerStmt" => Alter(Named("SERVER", node, "servername")),
        "AlterUserMappingStmt" => Alter(Named("USER MAPPING", node, "servername")),
        "AlterPublicationStmt" => Alter(Named("PUBLICATION", node, "pubname")),
        "AlterTableMoveAllStmt" => Alter(Named("TABLESPACE", node, "orig_tablespacename")) with
        {
            Lock = AccessExclusive,
        },
        "AlterTableSpaceOptionsStmt" => Alter(Named("TABLESPACE", node, "tablespacename")),
        "AlterDatabaseStmt" => Alter(Named("DATABASE", node, "dbname")) with
        {
            RunsAlone = node.List("options").OfKind("DefElem")
                .Any(option => option.Text("defname") == "tablespace"),
        },
        "AlterDatabaseSetStmt" or "AlterDatabaseRefreshCollStmt" => Alter(Named("DATABASE", node, "dbname")),
        "CommentStmt" => new("COMMENT", [ObjectOf(KindOf(node.Text("objtype")), node.Member("object"))])
        {
            Lock = LockOfDrop(KindOf(node.Text("objtype"))) is not null || node.Text("objtype") is "OBJECT_COLUMN"
                ? ShareUpdateExclusive
                : null,
        },
        "SecLabelStmt" => new("SECURITY LABEL", [ObjectOf(KindOf(node.Text("objtype")), node.Member("object"))]),
        _ => null,
    };

    private static CommandEffect? EffectOfAccess(string kind, JsonElement node) => kind switch
    {
        "CreateRoleStmt" => Create(Named("ROLE", node, "role")),
        "DropRoleStmt" => Drop() with { Objects = Objects("ROLE", node, "roles") },
        "DropOwnedStmt" => new("DROP OWNED", Objects("ROLE", node, "roles"))
        {
            Cascades = IsCascade(node),
            Lock = AccessExclusive,
        },
        "AlterRoleStmt" or "AlterRoleSetStmt" => Alter(
            node.Has("role") ? Role("ROLE", node.Member("role")) : new CommandObject("ROLE", null, "ALL")),
        "AlterDefaultPrivilegesStmt" => new("ALTER DEFAULT PRIVILEGES", []),
        "GrantStmt" => new(
            node.Flag("is_grant") ? "GRANT" : "REVOKE",
            Objects(
                node.Text("targtype") is "ACL_TARGET_ALL_IN_SCHEMA" ? "SCHEMA" : KindOf(node.Text("objtype")),
                node,
                "objects"))
        {
            Cascades = IsCascade(node),
        },
        "GrantRoleStmt" => new(
            node.Flag("is_grant") ? "GRANT" : "REVOKE",
            [.. Objects("ROLE", node, "granted_roles"), .. Objects("ROLE", node, "grantee_roles")])
        {
            Cascades = IsCascade(node),
        },
        "ReassignOwnedStmt" => new("REASSIGN OWNED", Objects("ROLE", node, "roles")) { Lock = AccessExclusive },
        _ => null,
    };

    private static CommandEffect? EffectOfUpkeep(string kind, JsonElement node) => kind switch
    {
        "VacuumStmt" => Vacuum(node),
        "ClusterStmt" => new("CLUSTER", node.Has("relation") ? [RangeObject("TABLE", node.Member("relation"))] : [])
        {
            RunsAlone = !node.Has("relation"),
            Lock = AccessExclusive,
        },
        "ReindexStmt" => Reindex(node),
        "RefreshMatViewStmt" => new("REFRESH", [RangeObject("MATERIALIZED VIEW", node.Member("relation"))])
        {
            Lock = node.Flag("concurrent") ? "EXCLUSIVE" : AccessExclusive,
        },
        "CheckPointStmt" => new("CHECKPOINT", []),
        "ConstraintsSetStmt" => new("SET CONSTRAINTS", Objects("CONSTRAINT", node, "constraints")),
        _ => null,
    };

    private static CommandEffect Vacuum(JsonElement node)
    {
        var isVacuum = node.Flag("is_vacuumcmd");
        var isFull = node.List("options").OfKind("DefElem")
            .Any(option => option.Text("defname") == "full" && IsOn(option));
        return new CommandEffect(
            isVacuum ? "VACUUM" : "ANALYZE",
            [
                .. node.List("rels").OfKind("VacuumRelation")
                    .Select(each => RangeObject("TABLE", each.Member("relation"))),
            ])
        {
            RunsAlone = isVacuum,
            Lock = isFull ? AccessExclusive : ShareUpdateExclusive,
        };
    }

    /// <summary>The server refuses a transaction block for what takes many relations, one after the other.</summary>
    private static CommandEffect Reindex(JsonElement node)
    {
        var kind = Suffix(node.Text("kind"), "REINDEX_OBJECT_");
        var isConcurrent = node.List("params").OfKind("DefElem")
            .Any(option => option.Text("defname") == "concurrently" && IsOn(option));
        return new CommandEffect(
            "REINDEX",
            [node.Has("relation") ? RangeObject(kind, node.Member("relation")) : Named(kind, node, "name")])
        {
            RunsAlone = isConcurrent || kind is "SCHEMA" or "DATABASE" or "SYSTEM",
            Lock = isConcurrent ? ShareUpdateExclusive : "SHARE",
        };
    }

    /// <summary>A relation is named as one, everything else as an object; a trigger by both.</summary>
    private static CommandObject[] OwnOr(JsonElement node, string kind) => node.Has("relation")
        ? node.Has("object")
            ? [ObjectOf(kind, node.Member("object")), RangeObject("TABLE", node.Member("relation"))]
            : [RangeObject(kind, node.Member("relation"))]
        : [ObjectOf(kind, node.Member("object"))];

    /// <summary>A part of a relation is named by its own name and the relation, a role by its name alone.</summary>
    private static CommandObject[] Renamed(JsonElement node, string kind) => node.Text("subname") switch
    {
        { } part when node.Has("relation") =>
            [new(kind, null, part), RangeObject("TABLE", node.Member("relation"))],
        { } name when !node.Has("object") => [new(kind, null, name)],
        _ => OwnOr(node, kind),
    };

    private static CommandEffect Create(params CommandObject[] objects) => new("CREATE", [.. objects]);

    private static CommandEffect Alter(params CommandObject[] objects) => new("ALTER", [.. objects]);

    private static CommandEffect Drop(params CommandObject[] objects) => new("DROP", [.. objects]);
}
