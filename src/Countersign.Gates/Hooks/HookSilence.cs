using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Countersign.Gates.Hooks;

/// <summary>
/// Tells the operator of sessions that began and never asked for a tool. Another node may have heard them, so the store
/// is looked at first.
/// </summary>
internal sealed class HookSilence(
    HookSessions sessions, IArchive archive, TimeProvider time, ILogger<HookSilence> log) : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMinutes(1);

    private long _silent;

    /// <summary>How many since this node started.</summary>
    public long Silent => Interlocked.Read(ref _silent);

    /// <summary>Tells of those whose time is over.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        while (sessions.TryFindSilent(out var session, out var since))
        {
            if (!await HasAskedAsync(session, since, cancellationToken))
            {
                Interlocked.Increment(ref _silent);
                log.SessionSilent(session.Target, session.Agent, session.Id, (int)HookSessions.Patience.TotalMinutes);
            }

            sessions.Hear(session);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (Exception failure) when (failure is not OutOfMemoryException
                && !(failure is OperationCanceledException && stoppingToken.IsCancellationRequested))
            {
                // Nobody is forgotten by it; and a service that ends by an exception would stop the server.
                log.SilenceUnknown(failure);
            }
        }
    }

    private async Task<bool> HasAskedAsync(
        HookSession session, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var latest = await archive.ListAsync(
            new ActionFilter { Agent = session.Agent, Target = session.Target, Limit = ActionFilter.MaxLimit },
            cancellationToken);
        return latest.Select(ActionRecord.Of)
            .Any(record => record.CreatedAt >= since && record.Claimed.Session == session.Id);
    }
}
