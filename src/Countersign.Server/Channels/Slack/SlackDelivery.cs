using Countersign.Core.Storage;

namespace Countersign.Server.Channels.Slack;

/// <summary>
/// Runs the outbox whenever something changed, and looks once in a while whether Slack is there at all: an outage is
/// known before the first review waits for it.
/// </summary>
internal sealed class SlackDelivery(
    SlackOutbox outbox,
    SlackWorkspace workspace,
    IStore store,
    ChannelHealth health,
    TimeProvider time,
    ILogger<SlackDelivery> log) : BackgroundService
{
    private const string HealthPart = "connection";

    /// <summary>How long a message that was put back may wait beyond its time.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(30);

    private ChangeFeed.Subscription? _changes;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _changes = store.Changes.Subscribe();
        health.Fails(HealthPart, "Slack was not reached yet.");
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _changes?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var nextLook = time.GetUtcNow();
        while (!stoppingToken.IsCancellationRequested)
        {
            if (time.GetUtcNow() >= nextLook)
            {
                await LookAsync(stoppingToken);
                nextLook = time.GetUtcNow() + LookInterval;
            }

            if (!await DeliverAsync(stoppingToken))
            {
                await WaitAsync(stoppingToken);
            }
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await workspace.AskInstallationAsync(cancellationToken);
            health.Works(HealthPart);
        }
        catch (Exception away) when (away is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            // Whatever it is: a channel that fails must not end the node.
            Log.Degraded(log, away.Message);
            health.Fails(HealthPart, away is SlackException ? away.Message : "Slack cannot be asked; see the log.");
        }
    }

    private async Task<bool> DeliverAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await outbox.DeliverAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException
            && !cancellationToken.IsCancellationRequested)
        {
            // What was taken comes back by itself; a loop that ended for good would leave every reviewer uninformed.
            Log.WorkFailed(log, failure);
            return false;
        }
    }

    /// <summary>Until something changed, or a moment has passed.</summary>
    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var moment = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var changed = _changes!.Reader.WaitToReadAsync(moment.Token).AsTask();
        var passed = Task.Delay(Interval, time, moment.Token);
        await Task.WhenAny(changed, passed);
        await moment.CancelAsync();
        await ((Task)Task.WhenAll(changed, passed)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (_changes.Reader.TryRead(out _))
        {
            // Which action changed does not matter: its message is in the outbox.
        }
    }
}
