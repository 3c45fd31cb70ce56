using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Api;

/// <summary>
/// Writes <c>GET /v1/targets</c>: what there is to ask for. An agent sees the targets that it may use, a
/// person those that are not for reviewers only.
/// </summary>
internal sealed class ApiTargets(ApiRooms rooms)
{
    public async Task ListAsync(HttpContext context, Caller caller)
    {
        var targets = rooms.Charter().Targets.Values
            // The gateway itself is a target of its own changes, and nobody asks for those here.
            .Where(target => target.Name != AgentDesk.Gateway.Name && MaySee(caller, target))
            .OrderBy(target => target.Name.Value, StringComparer.Ordinal);
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter.AsStream());
        json.WriteStartObject();
        json.WriteStartArray("items");
        foreach (var target in targets)
        {
            json.WriteStartObject();
            json.WriteString("name", target.Name.Value);
            json.WriteString("gate", target.Gate.ToText());
            json.WriteString("environment", target.Environment);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static bool MaySee(Caller caller, Target target) =>
        caller is Caller.OfAgent agent ? target.Admits(agent.Asker.Agent) : !target.VisibleToReviewersOnly;
}
