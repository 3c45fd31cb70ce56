using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Redaction;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Api;

/// <summary>
/// <c>POST /v1/redact</c>: masks a text or a document for a stage of automation. Nothing is recorded, and no key is
/// used: whoever could have values of their choice hashed would learn by trying which value a hash stands for.
/// </summary>
internal sealed class ApiRedactions(ApiRooms rooms, JsonLimits limits)
{
    private const int MostKinds = 512;

    private static readonly string[] s_texts = ["text", "mode", "target"];
    private static readonly string[] s_others = ["json", "kinds"];

    public async Task RedactAsync(HttpContext context, Caller caller)
    {
        var (body, problem) = await StrictBody.ReadAsync(
            context.Request, limits, s_texts, s_others, context.RequestAborted);
        using (body)
        {
            if (body is null || (problem = Read(body, caller, out var redaction)) is not null)
            {
                await problem!.WriteAsync(context);
                return;
            }

            context.Response.ContentType = "application/json";
            context.Response.Headers.CacheControl = "no-store";
            await using var json = new Utf8JsonWriter(context.Response.BodyWriter.AsStream());
            json.WriteStartObject();
            var report = body.Text("text") is { } text
                ? WriteText(json, text, redaction!)
                : WriteDocument(json, body, redaction!);
            report.WriteTo(json, "report", evenEmpty: true);
            json.WriteEndObject();
        }
    }

    private static RedactionReport WriteText(Utf8JsonWriter json, string text, TargetRedaction redaction)
    {
        json.WriteString("text", new TargetRedactor(redaction).Redact(text, out var report));
        json.WriteStartArray("spans");
        foreach (var span in redaction.Values is { } plan ? new Redactor(plan).Find(text) : [])
        {
            json.WriteStartObject();
            json.WriteNumber("start", span.Start);
            json.WriteNumber("end", span.End);
            json.WriteString("kind", span.Kind.Label);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        return report;
    }

    /// <summary>A document has no spans: where its values stand depends on how it is written.</summary>
    private static RedactionReport WriteDocument(Utf8JsonWriter json, StrictBody body, TargetRedaction redaction)
    {
        body.Json.TryGetMember("json", out var document);
        json.WritePropertyName("json");
        json.WriteRawValue(
            new TargetRedactor(redaction).Redact(document!.Bytes, out var report).Span, skipInputValidation: true);
        json.WriteStartArray("spans");
        json.WriteEndArray();
        return report;
    }

    /// <summary>What is masked; the problem says what is wrong with the wish.</summary>
    private Problem? Read(StrictBody body, Caller caller, out TargetRedaction? redaction)
    {
        redaction = null;
        if (body.Text("text") is null != body.Has("json"))
        {
            return RequestBody.Malformed("The body has either 'text' or 'json'.");
        }

        if (body.Text("mode") is { } word && word is not ("text" or "columns"))
        {
            return RequestBody.Malformed("'mode' is 'text' (the default) or 'columns'.");
        }

        if (body.Text("target") is { } name)
        {
            return body.Has("kinds") || body.Has("mode")
                ? RequestBody.Malformed("'target' says what is masked; leave 'kinds' and 'mode' out.")
                : FindTarget(name, caller, out redaction);
        }

        if (!TryReadKinds(body, out var kinds, out var complaint))
        {
            return RequestBody.Malformed(complaint);
        }

        redaction = new TargetRedaction(
            RedactionPlan.Create(new RedactionOptions
            {
                Kinds = kinds,
                Mode = body.Text("mode") == "columns" ? RedactionMode.Columns : RedactionMode.Text,
            }),
            TargetRedaction.None.Fields);
        return null;
    }

    private Problem? FindTarget(string name, Caller caller, out TargetRedaction? redaction)
    {
        var charter = rooms.Charter();
        var target = !TargetName.TryParse(name, out var known) ? null
            : caller is Caller.OfAgent agent ? charter.FindTarget(known, agent.Asker.Agent)
            : charter.Targets.GetValueOrDefault(known);
        redaction = target?.Redaction.WithoutKey();
        return target is null ? ApiProblems.UnknownTarget(name) : null;
    }

    private static bool TryReadKinds(StrictBody body, out ImmutableArray<DataKind> kinds, out string complaint)
    {
        kinds = DataKinds.All;
        complaint = "'kinds' is a list of kinds and groups, such as [\"email\", \"secrets\"].";
        if (!body.Has("kinds"))
        {
            return true;
        }

        var wanted = body.Other("kinds");
        if (wanted.ValueKind != JsonValueKind.Array || wanted.GetArrayLength() is 0 or > MostKinds)
        {
            return false;
        }

        var named = new HashSet<DataKind>();
        foreach (var item in wanted.EnumerateArray())
        {
            var found = item.ValueKind == JsonValueKind.String ? DataKinds.Named(item.GetString()!) : [];
            if (found.IsEmpty)
            {
                complaint = $"There is no kind {item.GetRawText()}; groups are {string.Join(", ", DataKinds.Groups)}.";
                return false;
            }

            named.UnionWith(found);
        }

        kinds = [.. named];
        return true;
    }
}
