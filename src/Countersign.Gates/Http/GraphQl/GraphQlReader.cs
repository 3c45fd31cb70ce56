using System.Collections.Frozen;
using System.Text.Json;

namespace Countersign.Gates.Http.GraphQl;

/// <summary>
/// Finds out which operation a request over HTTP runs (GraphQL over HTTP, draft of 2025). One request runs one
/// operation: a batch is refused, and so is a hash that stands for a document which nobody here has seen (THR-073).
/// </summary>
internal static class GraphQlReader
{
    private static readonly FrozenSet<string> s_parts =
        FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "query", "operationName", "variables", "extensions");

    /// <summary>By what servers know a document that they keep; some run it, whatever else is sent.</summary>
    private static readonly FrozenSet<string> s_references = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "documentId", "doc_id", "docId", "id", "queryId", "query_id", "hash", "sha256Hash", "persistedQuery");

    /// <summary>What it does, or why it cannot be judged.</summary>
    public static (GraphQlFacts? Facts, string? WhyNot) Read(HttpCall call)
    {
        var (document, name, whyNot) = WhyInTwoPlaces(call) is { } twice ? (null, null, twice)
            : call.Method == "GET" ? FromQuery(call.Query) : FromBody(call.Body);
        if (whyNot is not null)
        {
            return (null, whyNot);
        }

        try
        {
            var facts = GraphQlDocument.Parse(document!).Describe(name);
            return call.IsSafe && facts.Type != "query"
                ? (null, $"a {facts.Type} does not go with {call.Method}; send it with POST")
                : (facts, null);
        }
        catch (FormatException unreadable)
        {
            return (null, unreadable.Message);
        }
    }

    /// <summary>
    /// Servers take each part of a request from its address when it is there, and from its body otherwise. What stands
    /// in the other place than its method's could be what is run, or say which of its operations is.
    /// </summary>
    private static string? WhyInTwoPlaces(HttpCall call)
    {
        var names = call.Query.Values.Keys;
        return 0 switch
        {
            _ when names.FirstOrDefault(s_references.Contains) is { } reference => Referring(reference),
            _ when call.Method != "GET" && names.FirstOrDefault(s_parts.Contains) is { } part =>
                $"'{part}' stands in the address of a {call.Method}; send it in the body",
            _ when call.Method == "GET" && !call.Body.Sent.IsEmpty =>
                "a GET has it in its address, and this one has a body as well",
            _ => null,
        };
    }

    private static (string? Document, string? Name, string? WhyNot) FromQuery(HttpQuery query)
    {
        var documents = query.Values.GetValueOrDefault("query", []);
        var names = query.Values.GetValueOrDefault("operationName", []);
        return documents.Length == 1 && names.Length <= 1
            ? (documents[0], names.FirstOrDefault(), null)
            : (null, null, Unseen);
    }

    private static (string? Document, string? Name, string? WhyNot) FromBody(HttpBody body)
    {
        if (body.Readable is not { } readable)
        {
            return (null, null, "its body is neither JSON nor a GraphQL document");
        }

        using var json = JsonDocument.Parse(readable.Bytes, new JsonDocumentOptions { MaxDepth = int.MaxValue });
        var root = json.RootElement;
        return root.ValueKind switch
        {
            JsonValueKind.Array => (null, null, "it is a batch; send each operation in a request of its own"),
            JsonValueKind.String when body.Kind == BodyKind.Text => (root.GetString(), null, null),
            JsonValueKind.Object when root.EnumerateObject().Select(member => member.Name)
                .FirstOrDefault(s_references.Contains) is { } reference => (null, null, Referring(reference)),
            JsonValueKind.Object when TextOf(root, "query") is { } document =>
                (document, TextOf(root, "operationName"), null),
            _ => (null, null, Unseen),
        };
    }

    private const string Unseen =
        "there is no document in 'query'. What stands for a document, such as the hash of a persisted query, says " +
        "nothing about what it does; send the document itself";

    private static string Referring(string name) =>
        $"'{name}' stands for a document that nobody here has seen; send the document itself, and nothing beside it";

    private static string? TextOf(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
