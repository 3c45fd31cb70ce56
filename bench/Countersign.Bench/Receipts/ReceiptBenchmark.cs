using System.Diagnostics;
using System.Text;
using Countersign.Core.Ledger;
using Countersign.Core.Receipts;

namespace Countersign.Bench.Receipts;

/// <summary>
/// All twelve steps for a receipt with two signed votes, from the bytes of the file to the report: strict reading, the
/// log's signature, the proofs, the seals, and two signatures of passkeys.
/// </summary>
internal static class ReceiptBenchmark
{
    private const int Rounds = 400;
    private const double BudgetMilliseconds = 50;

    public static Task<IReadOnlyList<Row>> RunAsync(Bench bench)
    {
        var folder = Path.Combine(bench.Root, "tests", "vectors", "receipts");
        var file = File.ReadAllBytes(Path.Combine(folder, "signed.json"));
        var key = NoteVerifierKey.Parse(File.ReadAllText(Path.Combine(folder, "vkey.txt"), Encoding.UTF8).Trim());
        var first = Measure(file, key);
        var start = Stopwatch.GetTimestamp();
        var times = Samples.Of(
            [.. Enumerable.Range(0, Rounds).Select(_ => Measure(file, key))], Stopwatch.GetElapsedTime(start));
        IReadOnlyList<Row> rows =
        [
            new Row(
                "receipt verified, two signed votes",
                $"p50 {Samples.Time(times.P50)}, p99 {Samples.Time(times.P99)}, the first {Samples.Time(first)}",
                "",
                "",
                $"p99 ≤ {BudgetMilliseconds:0} ms",
                times.P99 <= BudgetMilliseconds * 1000),
        ];
        return Task.FromResult(rows);
    }

    private static double Measure(byte[] file, NoteVerifierKey key)
    {
        var start = Stopwatch.GetTimestamp();
        var report = new ReceiptVerifier([key]).Verify(file);
        var time = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        return report.IsVerified
            ? time
            : throw new InvalidOperationException("The sample receipt does not verify; run its tests.");
    }
}
