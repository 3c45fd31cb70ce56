using Countersign.Core.Storage;

namespace Countersign.Server.Channels;

/// <summary>Runs the outboxes of all channels beside each other: none waits for another.</summary>
internal sealed class ChannelDelivery(
    IEnumerable<ChannelOutbox> outboxes, OutboxRooms rooms, ILogger<ChannelDelivery> log) : BackgroundService
{
    private readonly List<OutboxRun> _runs = [.. outboxes.Select(outbox => new OutboxRun(outbox, rooms, log))];

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var run in _runs)
        {
            run.Begin();
        }

        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        base.Dispose();
        foreach (var run in _runs)
        {
            run.Dispose();
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(_runs.Select(run => run.RunAsync(stoppingToken)));
}

/// <summary>
/// Runs one outbox whenever something changed, and looks once in a while whether its channel is there at all: an outage
/// is known before the first review waits for it.
/// </summary>
internal sealed class OutboxRun(ChannelOutbox outbox, OutboxRooms rooms, ILogger log) : IDisposable
{
    private const string HealthPart = "connection";

    /// <summary>How long a message that was put back may wait beyond its time.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(30);

    private ChangeFeed.Subscription? _changes;

    private ChannelHealth Health => outbox.Health;

    public void Begin()
    {
        _changes = rooms.Store.Changes.Subscribe();
        Health.Fails(HealthPart, $"{Health.Title} was not reached yet.");
    }

    public void Dispose() => _changes?.Dispose();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var nextLook = rooms.Time.GetUtcNow();
        while (!cancellationToken.IsCancellationRequested)
        {
            if (rooms.Time.GetUtcNow() >= nextLook)
            {
                await LookAsync(cancellationToken);
                nextLook = rooms.Time.GetUtcNow() + LookInterval;
            }

            if (!await DeliverAsync(cancellationToken))
            {
                await WaitAsync(cancellationToken);
            }
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await outbox.LookAsync(cancellationToken);
            Health.Works(HealthPart);
        }
        catch (Exception away) when (away is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            // Whatever it is: a channel that fails must not end the node.
            Log.Degraded(log, Health.Name, away.Message);
            Health.Fails(
                HealthPart, away is ChannelException ? away.Message : $"{Health.Title} cannot be asked; see the log.");
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
            Log.WorkFailed(log, Health.Name, failure);
            return false;
        }
    }

    /// <summary>Until something changed, or a moment has passed.</summary>
    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var moment = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var changed = _changes!.Reader.WaitToReadAsync(moment.Token).AsTask();
        var passed = Task.Delay(Interval, rooms.Time, moment.Token);
        await Task.WhenAny(changed, passed);
        await moment.CancelAsync();
        await ((Task)Task.WhenAll(changed, passed)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (_changes.Reader.TryRead(out _))
        {
            // Which action changed does not matter: its message is in the outbox.
        }
    }
}
