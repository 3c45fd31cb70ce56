using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Schemas;

namespace Countersign.Gates.Http.OpenApi;

/// <summary>Reads what maps requests to operations out of an OpenAPI 3.0, 3.1 or 3.2 document.</summary>
internal sealed class DocumentReader(JsonElement document)
{
    private const int MostReferences = 16;

    private static readonly string[] Methods =
        ["get", "put", "post", "delete", "options", "head", "patch", "query"];

    /// <summary>The paths that all paths of the document begin with, one for each server.</summary>
    /// <exception cref="FormatException">It is no OpenAPI 3 document.</exception>
    public ImmutableArray<string> Roots()
    {
        if (document.ValueKind != JsonValueKind.Object
            || !document.TryGetProperty("openapi", out var version)
            || version.ValueKind != JsonValueKind.String
            || !version.GetString()!.StartsWith("3.", StringComparison.Ordinal))
        {
            throw new FormatException("it is no OpenAPI 3 document: 'openapi: 3.…' is missing");
        }

        if (!document.TryGetProperty("servers", out var servers) || servers.ValueKind != JsonValueKind.Array)
        {
            return [""];
        }

        ImmutableArray<string> roots =
            [.. servers.EnumerateArray().Select(RootOf).OfType<string>().Distinct()];
        return roots.IsEmpty ? [""] : roots;
    }

    /// <summary>
    /// The hosts of its servers, with their ports; <c>null</c> when one of them is told by a path alone, which is a
    /// place on every host.
    /// </summary>
    public ImmutableHashSet<string>? Hosts()
    {
        if (!document.TryGetProperty("servers", out var servers) || servers.ValueKind != JsonValueKind.Array)
        {
            return [];
        }

        var urls = servers.EnumerateArray().Select(UrlOf).OfType<string>().ToList();
        return urls.All(url => !url.StartsWith('/') && Uri.TryCreate(url, UriKind.Absolute, out _))
            ? [.. urls.Select(url => new Uri(url).Authority.ToLowerInvariant())]
            : null;
    }

    /// <exception cref="FormatException">What it says of its paths cannot be read.</exception>
    public IEnumerable<DescribedOperation> Operations()
    {
        if (!document.TryGetProperty("paths", out var paths) || paths.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("it describes no 'paths'");
        }

        var parameters = new ParameterReader(TryResolve);
        foreach (var path in paths.EnumerateObject().Where(path => path.Name.StartsWith('/')))
        {
            var item = Resolve(path.Value, path.Name);
            foreach (var method in Methods)
            {
                if (item.TryGetProperty(method, out var operation) && operation.ValueKind == JsonValueKind.Object)
                {
                    var name = method.ToUpperInvariant();
                    yield return new DescribedOperation(IdOf(operation) ?? $"{name} {path.Name}", name, path.Name)
                    {
                        Body = BodyOf(operation, path.Name),
                        Parameters = parameters.Read(item, operation),
                    };
                }
            }
        }
    }

    private static string? IdOf(JsonElement operation) =>
        operation.TryGetProperty("operationId", out var id) && id.ValueKind == JsonValueKind.String
            ? id.GetString()
            : null;

    /// <summary>The body as JSON; what is described for other media types is not compared with anything.</summary>
    private BodySchema? BodyOf(JsonElement operation, string path)
    {
        if (!operation.TryGetProperty("requestBody", out var described) || described.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var body = Resolve(described, path);
        return body.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.Object
            && content.EnumerateObject().FirstOrDefault(type => MediaType.KindOf(type.Name) == BodyKind.Json).Value
                is { ValueKind: JsonValueKind.Object } media
            && media.TryGetProperty("schema", out var schema)
                ? new BodySchema(schema, document, IsRequired(body))
                : null;
    }

    private static bool IsRequired(JsonElement body) =>
        body.TryGetProperty("required", out var required) && required.ValueKind == JsonValueKind.True;

    private static string? RootOf(JsonElement server) => UrlOf(server) is not { } text ? null
        : (text.StartsWith('/') ? text
            : Uri.TryCreate(text, UriKind.Absolute, out var address) ? address.AbsolutePath
            : "").TrimEnd('/');

    /// <summary>A server's address; variables have the values that the document gives them.</summary>
    private static string? UrlOf(JsonElement server)
    {
        if (!server.TryGetProperty("url", out var url) || url.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        var text = url.GetString()!;
        if (server.TryGetProperty("variables", out var variables) && variables.ValueKind == JsonValueKind.Object)
        {
            foreach (var variable in variables.EnumerateObject())
            {
                if (variable.Value.TryGetProperty("default", out var value))
                {
                    text = text.Replace($"{{{variable.Name}}}", value.ToString(), StringComparison.Ordinal);
                }
            }
        }

        return text;
    }

    /// <summary>The same where nothing depends on it.</summary>
    private JsonElement? TryResolve(JsonElement item)
    {
        try
        {
            return Resolve(item, "");
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private JsonElement Resolve(JsonElement item, string path)
    {
        for (var i = 0; i < MostReferences; i++)
        {
            if (!item.TryGetProperty("$ref", out var reference))
            {
                return item;
            }

            item = Find(reference.GetString() ?? "", path);
        }

        throw new FormatException($"the path '{path}' refers to itself");
    }

    /// <summary>A JSON pointer into the same document (RFC 6901).</summary>
    private JsonElement Find(string reference, string path)
    {
        if (!reference.StartsWith("#/", StringComparison.Ordinal))
        {
            throw new FormatException($"the path '{path}' refers to '{reference}'; put everything into one document");
        }

        var at = document;
        foreach (var part in reference[2..].Split('/'))
        {
            var name = Uri.UnescapeDataString(part)
                .Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(name, out at))
            {
                throw new FormatException($"the path '{path}' refers to '{reference}', which does not exist");
            }
        }

        return at;
    }
}
