using System.Diagnostics;
using System.IO.Pipelines;
using Countersign.Core.Ledger;
using Countersign.Server.Exports;
using Countersign.Server.Storage.Sqlite;
using Countersign.Server.Storage.Sqlite.Audit;
using Microsoft.Data.Sqlite;

namespace Countersign.Bench.Ledger;

/// <summary>
/// What auditors ask of a store: a proof among ten million entries, the recomputation of a store, a slice of it.
/// </summary>
internal static class AuditBenchmark
{
    private const long ProofEntries = 10_000_000;
    private const long Entries = 1_000_000;
    private const int Proofs = 5_000;

    // The large store of the proofs comes last: the system writes it to the disk long after it is made.
    public static async Task<IReadOnlyList<Row>> RunAsync(Bench bench) =>
        [.. await MeasureStoreAsync(), .. await MeasureProofsAsync()];

    /// <summary>Each time of another entry, by what serves tiles and makes receipts.</summary>
    private static async Task<IReadOnlyList<Row>> MeasureProofsAsync()
    {
        using var store = new LargeStore();
        // Not a multiple of 256, so that the right edge is hashed anew.
        const long size = ProofEntries + 77;
        await store.WriteAsync(size, onlyTiles: true);
        await using var open = await SqliteStore.OpenAsync(store.Options, CancellationToken.None);
        var random = new Random(1);
        var tree = new TileHashReader(size, async (id, cancellationToken) =>
        {
            var bytes = await open.ReadTileAsync(id.Level, id.Index, cancellationToken);
            return new Tile(id, bytes!.Value[..(id.Width * Hash32.Length)]);
        });
        var included = await Samples.TakeAsync(Proofs, 1, async (_, _) => await InclusionProof.CreateAsync(
            random.NextInt64(size), size, tree.ReadAsync, CancellationToken.None));
        var consistent = await Samples.TakeAsync(Proofs, 1, async (_, _) => await ConsistencyProof.CreateAsync(
            random.NextInt64(1, size), size, tree.ReadAsync, CancellationToken.None));
        return
        [
            RowOf("inclusion proof, 10 million entries", included),
            RowOf("consistency proof, 10 million entries", consistent),
        ];
    }

    private static Row RowOf(string what, Samples samples) => new(
        what,
        $"p50 {Samples.Time(samples.P50)}, p99 {Samples.Time(samples.P99)}",
        "",
        "",
        "< 1 ms",
        samples.P99 < 1_000);

    private static async Task<IReadOnlyList<Row>> MeasureStoreAsync()
    {
        using var store = new LargeStore();
        await store.WriteAsync(Entries, onlyTiles: false);
        var audit = await MeasureAuditAsync(store, withPayloads: false);
        var opened = await MeasureAuditAsync(store, withPayloads: true);
        var (plain, plainBytes) = await MeasureExportAsync(store, withPayloads: false);
        var (whole, wholeBytes) = await MeasureExportAsync(store, withPayloads: true);
        return
        [
            new Row(
                "recompute a store of a million entries",
                $"{Samples.Rate(audit)}, with its payload key {Samples.Rate(opened)}",
                "",
                "",
                "≥ 200,000/s",
                audit >= 200_000),
            new Row(
                "export a slice",
                $"{Samples.Rate(plain)}, with payloads {Samples.Rate(whole)}; "
                + $"{plainBytes >> 20} and {wholeBytes >> 20} MB more in memory",
                "",
                "",
                "≥ 50,000/s, ≤ 32 MB",
                Math.Min(plain, whole) >= 50_000 && Math.Max(plainBytes, wholeBytes) <= 32 << 20),
        ];
    }

    private static async Task<double> MeasureAuditAsync(LargeStore store, bool withPayloads)
    {
        var options = new StoreAuditOptions
        {
            Trusted = [store.Key.VerifierKey],
            Vault = withPayloads ? store.Vault : null,
        };
        var start = Stopwatch.GetTimestamp();
        var report = await new StoreAudit(store.Path, options).RunAsync(CancellationToken.None);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return report.Faults.IsEmpty
            ? Entries / seconds
            : throw new InvalidOperationException($"The store does not verify: {report.Faults[0]}");
    }

    private static async Task<(double PerSecond, long Bytes)> MeasureExportAsync(LargeStore store, bool withPayloads)
    {
        using var source = new ExportSource(store.Path);
        var head = await source.ReadHeadAsync(
            new ExportOptions(0, To: null, withPayloads, "a measurement"), CancellationToken.None);
        await using var open = await SqliteStore.OpenAsync(store.Options, CancellationToken.None);
        var desk = new ExportDesk(open, store.Path, store.Vault);
        GC.Collect();
        var before = Environment.WorkingSet;
        var output = PipeWriter.Create(Stream.Null);
        var start = Stopwatch.GetTimestamp();
        await desk.WriteAsync(source, head, output, CancellationToken.None);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return (Entries / seconds, Math.Max(0, Environment.WorkingSet - before));
    }
}
