using System.Collections.Immutable;
using System.Text.Json;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>
/// Reads the nodes of libpg_query's JSON. It leaves out members that have the value that C gives them: false, zero,
/// null. A node where several kinds may stand is an object with one member, named for its kind.
/// </summary>
internal static class TreeExtensions
{
    /// <summary>The node's kind and its members; no kind when there is no node.</summary>
    public static (string Kind, JsonElement Node) Open(this JsonElement tagged)
    {
        if (tagged.ValueKind != JsonValueKind.Object)
        {
            return ("", default);
        }

        foreach (var member in tagged.EnumerateObject())
        {
            return (member.Name, member.Value);
        }

        return ("", default);
    }

    /// <summary>The member, or an undefined element.</summary>
    public static JsonElement Member(this JsonElement node, string name) =>
        node.ValueKind == JsonValueKind.Object && node.TryGetProperty(name, out var member) ? member : default;

    public static bool Has(this JsonElement node, string name) =>
        node.Member(name).ValueKind != JsonValueKind.Undefined;

    public static string? Text(this JsonElement node, string name) =>
        node.Member(name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    public static bool Flag(this JsonElement node, string name) =>
        node.Member(name).ValueKind == JsonValueKind.True;

    public static long Number(this JsonElement node, string name) =>
        node.Member(name) is { ValueKind: JsonValueKind.Number } number ? number.GetInt64() : 0;

    public static ImmutableArray<JsonElement> List(this JsonElement node, string name) =>
        node.Member(name) is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray()] : [];

    /// <summary>The members of nodes of that kind; others are left out.</summary>
    public static IEnumerable<JsonElement> OfKind(this IEnumerable<JsonElement> nodes, string kind) =>
        nodes.Where(node => node.Has(kind)).Select(node => node.Member(kind));

    public static ImmutableArray<string> Strings(this IEnumerable<JsonElement> nodes) =>
        [.. nodes.OfKind("String").Select(text => text.Text("sval") ?? "")];

    /// <summary>A constant as text, as SET takes it; <c>null</c> for anything else.</summary>
    public static string? Constant(this JsonElement tagged)
    {
        var (kind, node) = tagged.Open();
        return kind switch
        {
            "A_Const" when node.Has("sval") => node.Member("sval").Text("sval") ?? "",
            "A_Const" when node.Has("ival") => $"{node.Member("ival").Number("ival")}",
            "A_Const" when node.Has("fval") => node.Member("fval").Text("fval"),
            "A_Const" when node.Has("boolval") => node.Member("boolval").Flag("boolval") ? "true" : "false",
            "String" => node.Text("sval") ?? "",
            "Integer" => $"{node.Number("ival")}",
            "Float" => node.Text("fval"),
            "Boolean" => node.Flag("boolval") ? "true" : "false",
            _ => null,
        };
    }
}
