using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Storage;

namespace Countersign.Server.Hosting;

/// <summary>
/// Says in the log that an action waits for people: without a channel that calls them, it is the only place where a
/// server that holds something says so by itself.
/// </summary>
internal sealed class ReviewLog(
    IStore store, Gatekeeper gatekeeper, Func<ActionId, Uri> reviewUrl, ILogger<ReviewLog> log) : BackgroundService
{
    /// <summary>The version of what was just recorded; later ones are votes and deadlines.</summary>
    private const long First = 1;

    private ChangeFeed.Subscription? _subscription;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        // Before the doors open, so that not even the first review is missed.
        _subscription = store.Changes.Subscribe();
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _subscription?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var changed in _subscription!.Reader.ReadAllAsync(stoppingToken))
        {
            if (changed is { State: ActionState.Pending, Version: First })
            {
                await TellAsync(changed.Id, stoppingToken);
            }
        }
    }

    /// <summary>No operation and no argument is logged: the agent chose them.</summary>
    private async Task TellAsync(ActionId id, CancellationToken cancellationToken)
    {
        try
        {
            if (await gatekeeper.FindAsync(id, cancellationToken) is { } record)
            {
                log.ReviewOpened(record.Asker.Agent, record.Action.Target, reviewUrl(id));
            }
        }
        catch (StoreUnavailableException)
        {
            // The review is durable and stands in the console; only this line about it is lost.
        }
    }
}
