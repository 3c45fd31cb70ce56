using Countersign.Core.Storage;

namespace Countersign.Server.Hosting;

/// <summary>Whether this node lives, and whether it can decide and record right now. Neither needs a token.</summary>
internal sealed class HealthEndpoints(IStore store)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz", () => Results.Json(new { status = "ok", durability = "local" }));
        routes.MapGet("/readyz", ReadyAsync);
    }

    private async Task<IResult> ReadyAsync(CancellationToken cancellationToken)
    {
        var why = await store.WhyUnavailableAsync(cancellationToken);
        return why is null
            ? Results.Json(new { status = "ready", store = "ok" })
            : Results.Json(
                new { status = "unavailable", store = why }, statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}
