using System.Security.Cryptography;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;
using Countersign.Server.Keys;
using Countersign.Server.Storage;
using Countersign.Server.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace Countersign.Bench.Ledger;

/// <summary>
/// One-entry changes by 64 committers: durable, encrypted, in the tree and under a signed checkpoint when each returns.
/// Beside it what a log usually is: a row per event in the same SQLite, each insert with its own fsync, no proof.
/// </summary>
internal static class LedgerBenchmark
{
    private const int Committers = 64;
    private const int Changes = 100_000;
    private const int PlainInserts = 3_000;

    public static async Task<IReadOnlyList<Row>> RunAsync(Bench bench)
    {
        var folder = Directory.CreateTempSubdirectory("countersign-bench-").FullName;
        try
        {
            // The store goes first: it finds the system's SQLite for both.
            var ledger = await MeasureLedgerAsync(folder);
            var plain = await MeasurePlainAsync(Path.Combine(folder, "plain.db"));
            return
            [
                new Row(
                    "ledger, 64 committers",
                    $"{Samples.Rate(ledger.PerSecond)}, p99 {Samples.Time(ledger.P99)}",
                    $"an audit table, fsync each: {Samples.Rate(plain.PerSecond)}, p99 {Samples.Time(plain.P99)}",
                    Samples.Times(ledger.PerSecond / plain.PerSecond),
                    "≥ 20,000/s, p99 ≤ 25 ms",
                    ledger.PerSecond >= 20_000 && ledger.P99 <= 25_000),
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Samples> MeasureLedgerAsync(string folder)
    {
        using var vault = new PayloadVault(
            new PayloadKey(RandomNumberGenerator.GetBytes(ExtendedAesGcm.KeyBytes)), RandomNumberGenerator.Fill);
        using var key = new LedgerKey(
            new KeyName("bench.example/countersign"), new Ed25519SigningKey(Ed25519SigningKey.NewSeed()));
        var options = new SqliteStoreOptions
        {
            Path = Path.Combine(folder, "store.db"),
            HeadFile = Path.Combine(folder, "ledger.head"),
            Key = key,
            Vault = vault,
            Random = RandomNumberGenerator.Fill,
            Time = TimeProvider.System,
        };
        await using var store = await SqliteStore.OpenAsync(options, CancellationToken.None);
        var payload = """{"reason":"What one entry of a read looks like, more or less, with some room."}"""u8.ToArray();
        var change = new Change
        {
            Entries = [new EntryDraft(EntryType.DefinitionAccepted, Action: null, Revision: 1, payload)],
        };
        Task Commit(int worker, int i) => store.CommitAsync(change, CancellationToken.None);
        await Samples.TakeAsync(Changes / 10, Committers, Commit);
        return await Samples.TakeAsync(Changes, Committers, Commit);
    }

    private static async Task<Samples> MeasurePlainAsync(string path)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        Execute(connection, "PRAGMA journal_mode=WAL");
        Execute(connection, "PRAGMA synchronous=FULL");
        Execute(connection, "CREATE TABLE audit(id INTEGER PRIMARY KEY, event TEXT)");
        using var insert = connection.CreateCommand();
        insert.CommandText =
            "INSERT INTO audit(event) VALUES ('{\"reason\":\"What one entry of a read looks like, more or less.\"}')";
        var turn = new SemaphoreSlim(1);
        return await Samples.TakeAsync(PlainInserts, Committers, async (_, _) =>
        {
            await turn.WaitAsync();
            try
            {
                insert.ExecuteNonQuery();
            }
            finally
            {
                turn.Release();
            }
        });
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
