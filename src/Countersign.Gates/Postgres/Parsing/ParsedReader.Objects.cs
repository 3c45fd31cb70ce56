using System.Collections.Immutable;
using System.Text.Json;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>What utility statements name.</summary>
internal sealed partial class ParsedReader
{
    /// <summary>OBJECT_… of parsenodes.h as SQL says it, where that is more than the same words.</summary>
    private static string KindOf(string? type) => type switch
    {
        "OBJECT_MATVIEW" => "MATERIALIZED VIEW",
        "OBJECT_TABCONSTRAINT" or "OBJECT_DOMCONSTRAINT" => "CONSTRAINT",
        "OBJECT_FDW" => "FOREIGN DATA WRAPPER",
        "OBJECT_FOREIGN_SERVER" => "SERVER",
        "OBJECT_TSCONFIGURATION" => "TEXT SEARCH CONFIGURATION",
        "OBJECT_TSDICTIONARY" => "TEXT SEARCH DICTIONARY",
        "OBJECT_TSPARSER" => "TEXT SEARCH PARSER",
        "OBJECT_TSTEMPLATE" => "TEXT SEARCH TEMPLATE",
        "OBJECT_OPCLASS" => "OPERATOR CLASS",
        "OBJECT_OPFAMILY" => "OPERATOR FAMILY",
        "OBJECT_LARGEOBJECT" => "LARGE OBJECT",
        "OBJECT_STATISTIC_EXT" => "STATISTICS",
        "OBJECT_PUBLICATION_NAMESPACE" or "OBJECT_PUBLICATION_REL" => "PUBLICATION",
        _ => Suffix(type, "OBJECT_"),
    };

    private static CommandObject RangeObject(string kind, JsonElement range) =>
        new(kind, range.Text("schemaname"), range.Text("relname") ?? "");

    private static CommandObject NamedObject(string kind, ImmutableArray<string> names) => names.Length switch
    {
        0 => new(kind, null, ""),
        1 => new(kind, null, names[0]),
        _ => new(kind, string.Join('.', names[..^1]), names[^1]),
    };

    private static CommandObject Named(string kind, JsonElement node, string member) =>
        new(kind, null, node.Text(member) ?? "");

    /// <summary>What stands for an object: a relation, a name, a function with its arguments, a type, a role.</summary>
    private static CommandObject ObjectOf(string kind, JsonElement tagged)
    {
        var (tag, node) = tagged.Open();
        return tag switch
        {
            "RangeVar" => RangeObject(kind, node),
            "List" => NamesOf(kind, node.List("items")),
            "ObjectWithArgs" => NamedObject(kind, node.List("objname").Strings()),
            "TypeName" => NamedObject(kind, node.List("names").Strings()),
            "RoleSpec" => Role(kind, node),
            "AccessPriv" => Named(kind, node, "priv_name"),
            "String" => Named(kind, node, "sval"),
            _ => new(kind, null, tagged.Constant() ?? ""),
        };
    }

    /// <summary>A cast is named by two types, a constraint of a domain by the type and its own name.</summary>
    private static CommandObject NamesOf(string kind, ImmutableArray<JsonElement> items) => NamedObject(
        kind,
        [
            // Classes and families of operators have their access method first.
            .. items.Skip(kind is "OPERATOR CLASS" or "OPERATOR FAMILY" ? 1 : 0).SelectMany(item => item.Open() switch
            {
                ("TypeName", var type) => type.List("names").Strings(),
                ("ObjectWithArgs", var function) => function.List("objname").Strings(),
                _ => ImmutableArray.Create(item.Constant() ?? ""),
            }),
        ]);

    private static CommandObject Role(string kind, JsonElement node) => new(kind, null, node.Text("roletype") switch
    {
        "ROLESPEC_CSTRING" or null => node.Text("rolename") ?? "",
        var special => Suffix(special, "ROLESPEC_"),
    });

    private static ImmutableArray<CommandObject> Objects(string kind, JsonElement node, string member) =>
        [.. node.List(member).Select(each => ObjectOf(kind, each))];
}
