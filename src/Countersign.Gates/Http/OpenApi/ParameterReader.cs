using System.Collections.Immutable;
using System.Text.Json;

namespace Countersign.Gates.Http.OpenApi;

/// <summary>
/// Reads which parameters of an operation have a type. What is described in another way than by a schema with one type,
/// in another style than the default one, or in another document stays a text: nothing is known of it.
/// </summary>
/// <param name="resolve">Follows references; <c>null</c> where one leads nowhere.</param>
internal sealed class ParameterReader(Func<JsonElement, JsonElement?> resolve)
{
    /// <summary>Those are described elsewhere in the document (OpenAPI 3.1 section 4.8.12.1).</summary>
    private static readonly string[] s_otherwise = ["accept", "content-type", "authorization"];

    /// <summary>
    /// An operation's own parameters take the place of those of its path with the same name and place.
    /// </summary>
    public ImmutableArray<DescribedParameter> Read(JsonElement item, JsonElement operation)
    {
        var found = new Dictionary<(string, ParameterPlace), DescribedParameter?>();
        foreach (var described in ListOf(item).Concat(ListOf(operation)))
        {
            if (resolve(described) is { } parameter && KeyOf(parameter) is { } key)
            {
                found[key] = Read(parameter, key);
            }
        }

        return [.. found.Values.OfType<DescribedParameter>()];
    }

    private static IEnumerable<JsonElement> ListOf(JsonElement of) =>
        of.TryGetProperty("parameters", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(each => each.ValueKind == JsonValueKind.Object)
            : [];

    private static (string Name, ParameterPlace Place)? KeyOf(JsonElement parameter) =>
        (TextOf(parameter, "name"), TextOf(parameter, "in")) switch
        {
            ({ } name, "path") => (name, ParameterPlace.Path),
            ({ } name, "query") => (name, ParameterPlace.Query),
            ({ } name, "header") when !s_otherwise.Contains(name.ToLowerInvariant()) =>
                (name.ToLowerInvariant(), ParameterPlace.Header),
            _ => null,
        };

    private DescribedParameter? Read(JsonElement parameter, (string Name, ParameterPlace Place) key)
    {
        var isQuery = key.Place == ParameterPlace.Query;
        var style = TextOf(parameter, "style") ?? (isQuery ? "form" : "simple");
        if (style != (isQuery ? "form" : "simple") || SchemaIn(parameter, "schema") is not { } schema)
        {
            return null;
        }

        var type = TypeOf(schema);
        if (type != "array")
        {
            return KindOf(type) is { } kind
                ? new DescribedParameter(key.Name, key.Place, kind, IsList: false) { IsShort = IsShort(schema) }
                : null;
        }

        var explodes = parameter.TryGetProperty("explode", out var explode)
            ? explode.ValueKind == JsonValueKind.True
            : isQuery;
        return explodes == isQuery && SchemaIn(schema, "items") is { } items && KindOf(TypeOf(items)) is { } each
            ? new DescribedParameter(key.Name, key.Place, each, IsList: true) { IsShort = IsShort(items) }
            : null;
    }

    private JsonElement? SchemaIn(JsonElement of, string name) =>
        of.TryGetProperty(name, out var schema) && schema.ValueKind == JsonValueKind.Object ? resolve(schema) : null;

    /// <summary>The only type; one that <c>null</c> stands beside counts, because no text of a request is it.</summary>
    private static string? TypeOf(JsonElement schema)
    {
        if (!schema.TryGetProperty("type", out var type))
        {
            return null;
        }

        var types = type.ValueKind == JsonValueKind.Array
            ? type.EnumerateArray().Select(each => each.ToString()).Where(each => each != "null").ToList()
            : [type.ToString()];
        return types.Count == 1 ? types[0] : null;
    }

    private static ParameterKind? KindOf(string? type) => type switch
    {
        "string" => ParameterKind.Text,
        "integer" => ParameterKind.Integer,
        "number" => ParameterKind.Number,
        "boolean" => ParameterKind.Boolean,
        _ => null,
    };

    private static bool IsShort(JsonElement schema) => TextOf(schema, "format") == "int32";

    private static string? TextOf(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
