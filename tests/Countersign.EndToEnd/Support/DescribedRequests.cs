using System.Globalization;
using System.Text.Json;

namespace Countersign.EndToEnd.Support;

/// <summary>One request that an OpenAPI document describes.</summary>
/// <param name="Id">The operation: its <c>operationId</c>, or method and template.</param>
/// <param name="Method">In upper case.</param>
/// <param name="Target">Path and query below the server's address, as they are sent.</param>
/// <param name="Type">Of the body; <c>null</c> without one.</param>
/// <param name="Body">The body; empty without one.</param>
internal sealed record DescribedRequest(string Id, string Method, string Target, string? Type, string Body);

/// <summary>
/// Makes one request for each operation of an OpenAPI document in JSON: with a value of the described type for each
/// parameter of the path, and for those of the query whose style is the usual one.
/// </summary>
internal sealed class DescribedRequests
{
    private static readonly string[] s_methods = ["get", "put", "post", "delete", "options", "head", "patch"];

    private readonly JsonElement _document;

    private DescribedRequests(JsonElement document) => _document = document;

    /// <summary>The requests, and the path that the first server's address ends in.</summary>
    public static (string Root, List<DescribedRequest> Requests) Of(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(path));
        var root = document.RootElement.Clone();
        return (RootOf(root), [.. new DescribedRequests(root).All()]);
    }

    private static string RootOf(JsonElement document)
    {
        if (!document.TryGetProperty("servers", out var servers))
        {
            return "";
        }

        var address = servers[0].GetProperty("url").GetString()!;
        if (servers[0].TryGetProperty("variables", out var variables))
        {
            foreach (var variable in variables.EnumerateObject())
            {
                address = address.Replace(
                    $"{{{variable.Name}}}",
                    variable.Value.GetProperty("default").GetString(),
                    StringComparison.Ordinal);
            }
        }

        return new Uri(address).AbsolutePath.TrimEnd('/');
    }

    private IEnumerable<DescribedRequest> All()
    {
        foreach (var path in _document.GetProperty("paths").EnumerateObject())
        {
            foreach (var method in path.Value.EnumerateObject().Where(each => s_methods.Contains(each.Name)))
            {
                yield return Of(path.Name, path.Value, method.Name.ToUpperInvariant(), method.Value);
            }
        }
    }

    private DescribedRequest Of(string template, JsonElement item, string method, JsonElement operation)
    {
        var query = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var target = template;
        foreach (var parameter in ParametersOf(item).Concat(ParametersOf(operation)))
        {
            var name = parameter.GetProperty("name").GetString()!;
            var values = ValuesOf(parameter);
            switch (parameter.GetProperty("in").GetString())
            {
                case "path":
                    target = target.Replace($"{{{name}}}", string.Join(',', values), StringComparison.Ordinal);
                    break;
                case "query" when !parameter.TryGetProperty("style", out var style) || style.GetString() == "form":
                    query[name] = string.Join('&', values.Select(value => $"{Uri.EscapeDataString(name)}={value}"));
                    break;
            }
        }

        var id = operation.TryGetProperty("operationId", out var given) ? given.GetString()! : $"{method} {template}";
        var (type, body) = BodyOf(operation);
        return new DescribedRequest(
            id, method, query.Count == 0 ? target : $"{target}?{string.Join('&', query.Values)}", type, body);
    }

    /// <summary>Two for a list, as texts that are written so in an address.</summary>
    private string[] ValuesOf(JsonElement parameter)
    {
        if (!parameter.TryGetProperty("schema", out var described))
        {
            return ["x"];
        }

        var schema = Resolve(described);
        return TypeOf(schema) == "array"
            ? [.. Enumerable.Range(1, 2).Select(n => ValueOf(Resolve(schema.GetProperty("items")), n))]
            : [ValueOf(schema, 7)];
    }

    private static string ValueOf(JsonElement schema, int number) => TypeOf(schema) switch
    {
        "integer" => number.ToString(CultureInfo.InvariantCulture),
        "number" => string.Create(CultureInfo.InvariantCulture, $"{number}.5"),
        "boolean" => "true",
        _ => $"a%20b-%C3%A9.{number}",
    };

    private static string? TypeOf(JsonElement schema) => schema.TryGetProperty("type", out var type)
        ? type.ValueKind == JsonValueKind.Array ? type[0].GetString() : type.GetString()
        : null;

    /// <summary>Blanks, escapes and digits that a parser would not write in the same way again.</summary>
    private (string? Type, string Body) BodyOf(JsonElement operation)
    {
        if (!operation.TryGetProperty("requestBody", out var described)
            || !Resolve(described).TryGetProperty("content", out var content))
        {
            return (null, "");
        }

        var types = content.EnumerateObject().Select(each => each.Name).ToList();
        return types.Contains("application/json")
            ? ("application/json", """{ "b" : 1.50, "a" : "\u00e9\/" }""")
            : types.Contains("application/x-www-form-urlencoded")
                ? ("application/x-www-form-urlencoded", "b=%7e&a=1+2")
                : ("application/octet-stream", "\u0001\u0002");
    }

    private IEnumerable<JsonElement> ParametersOf(JsonElement of) =>
        of.TryGetProperty("parameters", out var list) ? list.EnumerateArray().Select(Resolve) : [];

    private JsonElement Resolve(JsonElement of) => of.TryGetProperty("$ref", out var reference)
        ? Resolve(reference.GetString()![2..].Split('/').Aggregate(_document, (at, name) => at.GetProperty(name)))
        : of;
}
