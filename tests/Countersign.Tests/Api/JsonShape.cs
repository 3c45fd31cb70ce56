using System.Text.Json;
using System.Text.RegularExpressions;

namespace Countersign.Tests.Api;

/// <summary>
/// Compares JSON with a schema of the API's document: as much of JSON Schema 2020-12 as the document uses.
/// </summary>
internal sealed class JsonShape(JsonElement document)
{
    /// <summary>What differs, each with its path; empty when the value is as documented.</summary>
    public IEnumerable<string> Differences(JsonElement schema, JsonElement value, string path = "$")
    {
        if (schema.TryGetProperty("$ref", out var reference))
        {
            return Differences(Resolve(reference.GetString()!), value, path);
        }

        if (schema.TryGetProperty("oneOf", out var alternatives))
        {
            var tried = alternatives.EnumerateArray()
                .Select(each => Differences(each, value, path).ToList())
                .ToList();
            return tried.Count(differences => differences.Count == 0) == 1
                ? []
                : tried.MinBy(differences => differences.Count)!.Append($"{path} fits not exactly one alternative");
        }

        return [
            .. OfType(schema, value, path),
            .. OfText(schema, value, path),
            .. value.ValueKind == JsonValueKind.Object ? OfMembers(schema, value, path) : [],
            .. value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out var items)
                ? value.EnumerateArray().SelectMany((item, i) => Differences(items, item, $"{path}[{i}]"))
                : [],
        ];
    }

    private static IEnumerable<string> OfType(JsonElement schema, JsonElement value, string path)
    {
        if (!schema.TryGetProperty("type", out var type))
        {
            yield break;
        }

        var allowed = type.ValueKind == JsonValueKind.Array
            ? [.. type.EnumerateArray().Select(each => each.GetString())]
            : new[] { type.GetString() };
        var actual = value.ValueKind switch
        {
            JsonValueKind.True or JsonValueKind.False => "boolean",
            JsonValueKind.Number when value.TryGetInt64(out _) => "integer",
            var kind => kind.ToString().ToLowerInvariant(),
        };
        if (!allowed.Contains(actual) && !(actual == "integer" && allowed.Contains("number")))
        {
            yield return $"{path} is {actual}, documented as {string.Join(" or ", allowed)}";
        }
    }

    private static IEnumerable<string> OfText(JsonElement schema, JsonElement value, string path)
    {
        if (schema.TryGetProperty("enum", out var words)
            && words.EnumerateArray().All(word => !JsonElement.DeepEquals(word, value)))
        {
            yield return $"{path} is {value}, which is not among the documented values";
        }

        if (schema.TryGetProperty("const", out var word2) && !JsonElement.DeepEquals(word2, value))
        {
            yield return $"{path} is {value}, documented as {word2}";
        }

        if (schema.TryGetProperty("pattern", out var pattern) && !Regex.IsMatch(value.ToString(), pattern.GetString()!))
        {
            yield return $"{path} is '{value}', which does not match the documented pattern";
        }
    }

    private IEnumerable<string> OfMembers(JsonElement schema, JsonElement value, string path)
    {
        if (!schema.TryGetProperty("properties", out var properties))
        {
            return [];
        }

        var undocumented = value.EnumerateObject()
            .Where(member => !properties.TryGetProperty(member.Name, out _))
            .Select(member => $"{path}.{member.Name} is not documented");
        var missing = schema.GetProperty("required").EnumerateArray()
            .Where(name => !value.TryGetProperty(name.GetString()!, out _))
            .Select(name => $"{path}.{name} is missing");
        var inside = properties.EnumerateObject()
            .Where(member => value.TryGetProperty(member.Name, out _))
            .SelectMany(member => Differences(member.Value, value.GetProperty(member.Name), $"{path}.{member.Name}"));
        return [.. undocumented, .. missing, .. inside];
    }

    private JsonElement Resolve(string reference) => reference.TrimStart('#', '/').Split('/')
        .Aggregate(document, (element, name) => element.GetProperty(name));
}
