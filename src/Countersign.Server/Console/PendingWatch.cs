using Countersign.Core.Storage;

namespace Countersign.Server.Console;

/// <summary>
/// Keeps the index up to date while nobody looks, so that the first page after a start or a quiet night is as fast as
/// any other.
/// </summary>
internal sealed class PendingWatch(PendingIndex index, TimeProvider time) : BackgroundService
{
    /// <summary>Many changes at once are one look.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a store that cannot be read is left alone.</summary>
    private static readonly TimeSpan LongPause = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = Pause;
            try
            {
                await index.ReadAsync(stoppingToken);
                await index.WaitAsync(stoppingToken);
            }
            catch (StoreUnavailableException)
            {
                // Pages say so themselves; this one only goes ahead of them.
                pause = LongPause;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(pause, time, stoppingToken)
                .ConfigureAwait(
                    ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }
}
