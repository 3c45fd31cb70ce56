using System.Text.Json;
using Countersign.Core.Records;
using Countersign.Core.Storage;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Api;

/// <summary>
/// Writes <c>GET /v1/actions</c>: whole actions without results, in the order asked for, of those the caller may see.
/// </summary>
internal sealed class ApiList(ApiRooms rooms)
{
    public async Task WriteAsync(HttpContext context, Caller caller, ActionFilter filter)
    {
        // An agent's own actions are found by the query; what a person may not see is left out of the page.
        var visibleTo = caller is Caller.OfAgent agent ? filter with { Agent = agent.Asker.Agent } : filter;
        if (caller is Caller.OfAgent self && filter.Agent is { } other && other != self.Asker.Agent)
        {
            visibleTo = visibleTo with { Limit = 0 };
        }

        var page = visibleTo.Limit == 0 ? [] : await rooms.Archive.ListAsync(visibleTo, context.RequestAborted);
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter.AsStream());
        json.WriteStartObject();
        json.WriteStartArray("items");
        var records = page.Select(ActionRecord.Of).Where(record => rooms.MaySee(caller, record)).ToList();
        var favours = await rooms.FindFavoursAsync(caller, records, context.RequestAborted);
        foreach (var record in records)
        {
            var (shown, view) = rooms.ShowTo(caller, record, favours, withResult: false);
            ActionJson.Write(json, shown, view);
        }

        json.WriteEndArray();
        json.WriteString("next", page.Length == filter.Limit ? NextOf(page[^1].Row, filter) : null);
        json.WriteEndObject();
    }

    /// <summary>What is given back for the next page: as <c>before</c>, by deadline as <c>after</c>.</summary>
    private static string? NextOf(ActionRow last, ActionFilter filter) =>
        filter.ByDeadline ? DeadlinePlace.Of(last)?.ToString() : last.Id.Value;
}
