using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Gates.Http.GraphQl;
using Countersign.Gates.Http.OpenApi;

namespace Countersign.Gates.Http;

/// <summary>
/// Turns a request into an action: the operation is <c>METHOD path</c>, the arguments are <c>query</c>, <c>headers</c>
/// and the body. Facts come from the same words that are sent, from the target's OpenAPI document, and from GraphQL.
/// </summary>
internal static class HttpActionReader
{
    private static readonly JsonElement s_null = JsonDocument.Parse("null").RootElement.Clone();

    /// <summary>The request as an action, or why it is refused.</summary>
    public static (Asking? Asking, string? WhyNot) Read(
        HttpCall call, Asker asker, Target target, GateKind via, HttpOptions options)
    {
        var operation = options.Operations?.Find(call.Method, options.Upstream, call.Path);
        var graphQl = GraphQlFacts.None;
        if (IsGraphQl(call.Path.Text, options))
        {
            (graphQl, var whyNot) = GraphQlReader.Read(call);
            if (whyNot is not null)
            {
                return (null, $"it is no GraphQL request that can be judged: {whyNot}");
            }
        }

        var parameters = TypedParameters.Of(operation, call);
        return (new Asking(asker, target, via, call.ToAction(target.Name))
        {
            Facts = FactsOf(call, operation, parameters, graphQl!),
            Body = operation?.Body,
            // What a target makes of a text that is no value of its parameter's type, the document does not say.
            IsUndescribed = options.Operations is not null && (operation is null || !parameters.Unfit.IsEmpty),
            // Whoever changes something is recorded before it is sent, whatever target and rules say.
            NeedsIntent = !call.IsSafe || graphQl!.Type is not ("" or "query"),
        }, null);
    }

    /// <summary>Many servers take the path in other letters too, and with a slash behind it.</summary>
    private static bool IsGraphQl(string path, HttpOptions options) => options.GraphQl is { } graphQl
        && path.TrimEnd('/').Equals(graphQl.TrimEnd('/'), StringComparison.OrdinalIgnoreCase);

    private static Facts FactsOf(
        HttpCall call, MappedOperation? operation, TypedParameters parameters, GraphQlFacts graphQl)
    {
        var facts = Facts.Of(
            "http",
            ("method", call.Method),
            ("path", call.Path.Text),
            ("operation_id", operation?.Id ?? ""),
            ("path_parameters", Json(operation?.Parameters ?? ImmutableSortedDictionary<string, string>.Empty)),
            ("parameters", parameters.Values),
            ("unfit", parameters.Unfit),
            ("query", Json(call.Query.Values)),
            ("headers", Json(call.Headers.Values)),
            ("body", BodyOf(call.Body)),
            ("mapped", operation is not null),
            ("graphql_type", graphQl.Type),
            ("graphql_fields", graphQl.Fields));

        // A fact that is not there makes every rule that reads it stricter, one that asks whether a value is there too.
        return parameters.Unfit.IsEmpty ? facts : facts with { Members = facts.Members.Remove("parameters") };
    }

    /// <summary>What the body says; a form by its names, and <c>null</c> where nobody can say.</summary>
    private static JsonElement BodyOf(HttpBody body)
    {
        if (body.Readable is not { } readable)
        {
            return s_null;
        }

        using var document = JsonDocument.Parse(readable.Bytes, new JsonDocumentOptions { MaxDepth = int.MaxValue });
        var json = document.RootElement;
        return body.Kind == BodyKind.Form && HttpQuery.TryDecode(json.GetString()!.Trim(), out var form, out _)
            ? Json(form.Values)
            : json.Clone();
    }

    private static JsonElement Json<T>(T value) => JsonSerializer.SerializeToElement(value);
}
