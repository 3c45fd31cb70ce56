using System.Text.Encodings.Web;
using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Api;

/// <summary>
/// <c>POST /v1/actions?dry_run=1</c>: what would become of a request. It is read like one, and opens nothing.
/// </summary>
internal sealed class ApiDryRun(ApiRooms rooms)
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Whether the caller only wants to know. A value that is misspelt must not become a real request.
    /// </summary>
    public static bool TryRead(HttpRequest request, out bool isDryRun)
    {
        var isGiven = request.Query.TryGetValue("dry_run", out var text);
        isDryRun = text == "1" || text == "true";
        return !isGiven || isDryRun || text == "0" || text == "false";
    }

    public async Task AnswerAsync(HttpContext context, Asking asking)
    {
        var answer = await rooms.DryRun.AskAsync(asking, context.RequestAborted);
        if (answer is not DryRunAnswer.Foreseen { Forecast: var forecast })
        {
            await ApiProblems.Stopped(((DryRunAnswer.Stopped)answer).Reason).WriteAsync(context);
            return;
        }

        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter.AsStream(), Options);
        json.WriteStartObject();
        ForecastJson.WriteMembers(json, forecast);
        json.WriteEndObject();
    }
}
