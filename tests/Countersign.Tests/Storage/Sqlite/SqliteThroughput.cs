using System.Globalization;
using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Conformance;

namespace Countersign.Tests.Storage.Sqlite;

/// <summary>Measures by hand how many entries per second become durable and provable (DESIGN section 7).</summary>
public sealed class SqliteThroughput(ITestOutputHelper output) : IDisposable
{
    private const int Committers = 64;

    private readonly SqliteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory(Explicit = true)]
    [InlineData("entries")]
    [InlineData("actions")]
    public async Task Sixty_four_committers_of_small_changes(string what)
    {
        await using var store = await _folder.OpenAsync(TimeProvider.System);
        var sample = new Sample(TimeProvider.System);
        await MeasureAsync(store, sample, what, commits: 20_000);
        var before = Environment.CpuUsage.TotalTime;
        var (perSecond, p50, p99) = await MeasureAsync(store, sample, what, commits: 200_000);
        var cpu = (Environment.CpuUsage.TotalTime - before).TotalMicroseconds / 200_000;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what}: {perSecond:F0}/s, p50 {p50:F1} ms, p99 {p99:F1} ms, cpu {cpu:F1} µs each"));
    }

    private static async Task<(double PerSecond, double P50, double P99)> MeasureAsync(
        SqliteStore store, Sample sample, string what, int commits)
    {
        var times = new double[commits];
        var next = -1;
        var start = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Committers).Select(_ => Task.Run(async () =>
        {
            for (var i = Interlocked.Increment(ref next); i < commits; i = Interlocked.Increment(ref next))
            {
                var began = TimeProvider.System.GetTimestamp();
                var change = what == "entries" ? Sample.Note() : Sample.Insert(sample.Pending());
                await store.CommitAsync(change, TestContext.Current.CancellationToken);
                times[i] = TimeProvider.System.GetElapsedTime(began).TotalMilliseconds;
            }
        })));
        var elapsed = TimeProvider.System.GetElapsedTime(start);
        Array.Sort(times);
        return (commits / elapsed.TotalSeconds, times[commits / 2], times[commits * 99 / 100]);
    }
}
