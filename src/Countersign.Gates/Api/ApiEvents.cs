using System.Text;
using Countersign.Core.Storage;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Api;

/// <summary>
/// <c>GET /v1/events</c>: every change of what the caller may see, as server-sent events with whole actions.
/// </summary>
internal sealed class ApiEvents(ApiRooms rooms)
{
    private static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(15);

    public async Task StreamAsync(HttpContext context, Caller caller)
    {
        using var subscription = rooms.Changes.Subscribe();
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache, no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        await WriteAsync(context, ": open\n\n"u8.ToArray());
        while (!context.RequestAborted.IsCancellationRequested)
        {
            await WriteNextAsync(context, caller, subscription);
        }
    }

    private async Task WriteNextAsync(HttpContext context, Caller caller, ChangeFeed.Subscription subscription)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        silence.CancelAfter(HeartbeatInterval);
        try
        {
            var changed = await subscription.Reader.ReadAsync(silence.Token);
            if (await rooms.Gatekeeper.FindAsync(changed.Id, context.RequestAborted) is { } record
                && rooms.MaySee(caller, record))
            {
                var favours = await rooms.FindFavoursAsync(caller, [record], context.RequestAborted);
                var (shown, view) = rooms.ShowTo(caller, record, favours, withResult: false);
                var json = ActionJson.Write(shown, view);
                await WriteAsync(context, [.. "event: action\ndata: "u8, .. json.Span, .. "\n\n"u8]);
            }
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            await WriteAsync(context, Encoding.ASCII.GetBytes(": alive\n\n"));
        }
    }

    private static async Task WriteAsync(HttpContext context, byte[] bytes)
    {
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
