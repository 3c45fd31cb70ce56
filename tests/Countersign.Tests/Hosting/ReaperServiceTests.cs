using System.Collections.Immutable;
using System.Security.Cryptography;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Server.Hosting;
using Countersign.Tests.Console;
using Microsoft.Extensions.Logging.Abstractions;

namespace Countersign.Tests.Hosting;

public sealed class ReaperServiceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = 30_000)]
    public async Task A_sweep_that_somebody_elses_timeout_cancelled_is_not_the_last_one()
    {
        var (sweeps, second) = (0, new TaskCompletionSource());
        var store = new ConsoleStore(TimeProvider.System)
        {
            Due = () =>
            {
                if (Interlocked.Increment(ref sweeps) == 1)
                {
                    throw new TaskCanceledException("A target did not answer in time.");
                }

                second.TrySetResult();
                return Task.FromResult(ImmutableArray<ActionId>.Empty);
            },
        };
        var office = new Office(new OfficeOptions(
            store, () => throw new InvalidOperationException(), new ExecutionOptions(_ => null))
        {
            Self = new NodeId("test"),
            Random = RandomNumberGenerator.Fill,
            Time = TimeProvider.System,
        });
        using var service = new ReaperService(
            office.Reaper, _ => Task.CompletedTask, TimeProvider.System, NullLogger<ReaperService>.Instance);

        await service.StartAsync(Cancel);
        await second.Task.WaitAsync(Cancel);
        await service.StopAsync(Cancel);

        Assert.True(service.ExecuteTask!.IsCompleted);
    }
}
