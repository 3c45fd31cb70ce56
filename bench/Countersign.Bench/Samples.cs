using System.Diagnostics;
using System.Globalization;

namespace Countersign.Bench;

/// <summary>Times of one measurement in microseconds, and how long all of it took.</summary>
internal sealed class Samples
{
    private readonly double[] _sorted;

    private Samples(double[] sorted, TimeSpan elapsed) => (_sorted, Elapsed) = (sorted, elapsed);

    public TimeSpan Elapsed { get; }

    public double PerSecond => _sorted.Length / Elapsed.TotalSeconds;

    public double P50 => At(50);

    public double P99 => At(99);

    public double P999 => At(99.9);

    /// <summary>Does something so many times on so many workers at once, each waiting for its own answer.</summary>
    public static async Task<Samples> TakeAsync(int count, int workers, Func<int, int, Task> work)
    {
        var times = new double[count];
        var next = -1;
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, workers).Select(worker => Task.Run(async () =>
        {
            for (var i = Interlocked.Increment(ref next); i < count; i = Interlocked.Increment(ref next))
            {
                var began = Stopwatch.GetTimestamp();
                await work(worker, i);
                times[i] = Stopwatch.GetElapsedTime(began).TotalMicroseconds;
            }
        })));
        return Of(times, Stopwatch.GetElapsedTime(start));
    }

    public static Samples Of(double[] times, TimeSpan elapsed)
    {
        Array.Sort(times);
        return new Samples(times, elapsed);
    }

    public static string Time(double microseconds) => microseconds < 1000
        ? string.Create(CultureInfo.InvariantCulture, $"{microseconds:0.0} µs")
        : string.Create(CultureInfo.InvariantCulture, $"{microseconds / 1000:0.00} ms");

    public static string Rate(double perSecond) =>
        string.Create(CultureInfo.InvariantCulture, $"{perSecond:#,0}/s");

    public static string Times(double ratio) => string.Create(CultureInfo.InvariantCulture, $"{ratio:0.00} ×");

    private double At(double percent) => _sorted[Math.Min(_sorted.Length - 1, (int)(_sorted.Length * percent / 100))];
}
