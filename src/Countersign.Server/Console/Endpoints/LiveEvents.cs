using System.Threading.Channels;
using Countersign.Core.Actions;
using Countersign.Core.Storage;
using Countersign.Server.Console.Sessions;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console.Endpoints;

/// <summary>
/// Server-sent events (WHATWG HTML section 9.2) that wake a page: one says only that something changed, and the page
/// fetches what it may see. An event that carried content would have to be judged again for each listener.
/// </summary>
internal sealed class LiveEvents(
    IStore store, SessionStore sessions, ActionLookup lookup, IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <summary>Open streams of this node, over all sessions.</summary>
    private const int MaxStreams = 500;

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    private int _open;

    public async Task StreamAsync(Visit visit)
    {
        var only = visit.Context.Request.Query.ContainsKey("action") ? await lookup.FindAsync(visit) : null;
        if (only is null && visit.Context.Request.Query.ContainsKey("action"))
        {
            visit.Context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (Interlocked.Increment(ref _open) > MaxStreams)
        {
            Interlocked.Decrement(ref _open);
            visit.Context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            visit.Context.Response.Headers.RetryAfter = "30";
            return;
        }

        try
        {
            await StreamAsync(visit, only?.Id);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task StreamAsync(Visit visit, ActionId? only)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(visit.Aborted, lifetime.ApplicationStopping);
        using var subscription = store.Changes.Subscribe();
        var response = visit.Context.Response;
        response.ContentType = "text/event-stream";
        try
        {
            // The first event makes the page look once more: something may have changed since it was rendered.
            await SendAsync(response, "event: change\ndata: connected\n\n", stop.Token);
            while (sessions.TryFind(ConsoleDoor.CookieOf(visit.Context), touches: false, out _))
            {
                var changed = await NextAsync(subscription.Reader, only, stop.Token);
                await SendAsync(response, changed ? "event: change\ndata: changed\n\n" : ": alive\n\n", stop.Token);
            }

            await SendAsync(response, "event: over\ndata: signed out\n\n", stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The page was closed, or the server stops; the browser comes back by itself.
        }
    }

    /// <summary>Waits for a change that concerns the page; false when a heartbeat is due first.</summary>
    private async Task<bool> NextAsync(ChannelReader<ActionChanged> changes, ActionId? only, CancellationToken stop)
    {
        using var beat = new CancellationTokenSource(Heartbeat, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, beat.Token);
        try
        {
            ActionChanged changed;
            do
            {
                changed = await changes.ReadAsync(either.Token);
            }
            while (only is { } id && changed.Id != id);

            // One event says as much as many: what else has gathered meanwhile is covered by it.
            while (changes.TryRead(out _))
            {
                continue;
            }

            return true;
        }
        catch (OperationCanceledException) when (beat.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            return false;
        }
    }

    private static async Task SendAsync(HttpResponse response, string text, CancellationToken cancellationToken)
    {
        await response.WriteAsync(text, cancellationToken);
        await response.Body.FlushAsync(cancellationToken);
    }
}
