using Countersign.Core;

namespace Countersign.Server.Hosting;

/// <summary>
/// Runs the reaper's sweep again and again, and settles at its first chance what a start could not; on a planned stop
/// it waits for executions that are under way.
/// </summary>
internal sealed class ReaperService(
    Reaper reaper, Settle settle, TimeProvider time, ILogger<ReaperService> log) : BackgroundService
{
    /// <summary>Deadlines are whole seconds in policies, so a sweep per second is soon enough.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await reaper.DrainAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                await settle(stoppingToken);
                await reaper.SweepAsync(stoppingToken);
            }
            catch (Exception failure) when (!IsStop(failure, stoppingToken))
            {
                // Nothing privileged happens by a sweep that failed, and the next one finds what this one could not. A
                // sweep that ended for good would leave reviews open for ever; a cancellation that is not the stop of
                // this server is somebody's time-out, and no reason either.
                log.SweepFailed(failure);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static bool IsStop(Exception failure, CancellationToken stoppingToken) => failure is OutOfMemoryException
        || (failure is OperationCanceledException && stoppingToken.IsCancellationRequested);
}

/// <summary>Learns what a store that took nothing could not say at the start; then it does nothing.</summary>
internal delegate Task Settle(CancellationToken cancellationToken);
