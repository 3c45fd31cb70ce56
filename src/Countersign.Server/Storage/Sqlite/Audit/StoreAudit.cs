using Countersign.Core.Ledger;
using Countersign.Core.Storage;
using Countersign.Server.Keys;
using Microsoft.Data.Sqlite;

namespace Countersign.Server.Storage.Sqlite.Audit;

/// <summary>What whoever recomputes a store gives it besides the file.</summary>
internal sealed record StoreAuditOptions
{
    /// <summary>Whose signatures are believed.</summary>
    public IReadOnlyList<NoteVerifierKey> Trusted { get; init; } = [];

    /// <summary>Opens payloads; <c>null</c> compares ciphertexts only.</summary>
    public PayloadVault? Vault { get; init; }

    /// <summary>A checkpoint of this log that was kept elsewhere.</summary>
    public Checkpoint? Seen { get; init; }
}

/// <summary>
/// Recomputes a store from its leaves and ciphertexts, from one snapshot, beside a running server or on a copy: (1)
/// the log, (2) the tables beside it that belong to the log, (3) each action against its entries, (4) the other tables
/// whose rows entries account for. With the payload key 3 and 4 also compare what the payloads say.
/// </summary>
internal sealed class StoreAudit(string path, StoreAuditOptions options)
{
    /// <exception cref="StoreUnavailableException">The file is not there, or is no such store.</exception>
    public async Task<AuditReport> RunAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            throw new StoreUnavailableException($"There is no database '{path}'.");
        }

        SystemSqlite.EnsureLoaded();
        ShortHashes.Use();
        try
        {
            using var session = OpenSnapshot();
            var findings = new Findings();
            // The tables are compared beside the log, each from a snapshot of its own: the log only grows.
            var tables = Task.Run(() => AuditTables(findings, cancellationToken), cancellationToken);
            var report = await AuditLogAsync(session, findings, cancellationToken);
            if (report.Checkpoint is { } head)
            {
                new LogTablesAudit(session, findings).Run(head, options.Vault?.KeyId);
            }

            await tables;
            return report with { Faults = [.. report.Faults.Concat(findings.All).Take(LedgerAudit.MaxFaults)] };
        }
        catch (SqliteException failure)
        {
            throw SqliteFailure.ToUnavailable(failure, path);
        }
    }

    private SqliteSession OpenSnapshot()
    {
        var session = SqliteSession.Open(path, SqliteOpenMode.ReadOnly);
        session.RunScript("PRAGMA busy_timeout = 5000; PRAGMA query_only = ON; BEGIN;");
        return session;
    }

    /// <summary>Tables of another version would be compared with what they do not hold.</summary>
    private static bool IsOfThisVersion(SqliteSession session, Findings findings)
    {
        var version = (long?)session.Scalar("SELECT version FROM schema_version");
        findings.Expect(
            version == SqliteSchema.Version,
            $"Only the log was recomputed: the other tables have schema version {version}, and this countersign "
            + $"compares version {SqliteSchema.Version}. Use the countersign that the store was last started with.");
        return version == SqliteSchema.Version;
    }

    private Task<AuditReport> AuditLogAsync(
        SqliteSession session, Findings findings, CancellationToken cancellationToken)
    {
        var source = new LogSource
        {
            ReadCheckpoint = _ => Task.FromResult(SqliteArchive.ReadCheckpoint(session)),
            ReadEntries = (size, token) => new EntryStream(path, findings).ReadAsync(size, token),
            ReadTile = (level, index, _) =>
                Task.FromResult(new StoredTree(session, 0).FindFullTile(level, index) is { } tile
                    ? (ReadOnlyMemory<byte>?)tile
                    : null),
            ReadHistory = _ => ReadHistoryAsync(session),
            ReadSuccessions = _ => Task.FromResult(SuccessionTable.List(session)),
        };
        return new LedgerAudit(source, options.Trusted) { Seen = options.Seen, Hasten = Ed25519Verifier.Hasten }
            .RunAsync(cancellationToken);
    }

    /// <summary>3 and 4.</summary>
    private void AuditTables(Findings findings, CancellationToken cancellationToken)
    {
        using var session = OpenSnapshot();
        if (!IsOfThisVersion(session, findings))
        {
            return;
        }

        var payloads = options.Vault is { } vault ? new OpenPayloads(vault, findings) : null;
        var persons = PersonsAudit.Run(session, options.Vault, findings);
        var windows = new Dictionary<long, long>();
        new ActionsAudit(session, payloads, persons, findings) { ReadsOfWindows = windows }.Run(cancellationToken);
        new RegistersAudit(session, payloads, persons, findings).Run(windows);
    }

    private static async IAsyncEnumerable<KeptCheckpoint> ReadHistoryAsync(SqliteSession session)
    {
        const int portion = 1000;
        var last = long.MinValue;
        while (true)
        {
            var kept = session.Query(
                "SELECT size, note FROM checkpoint WHERE size > ?1 ORDER BY size LIMIT ?2",
                static reader => new KeptCheckpoint(reader.GetInt64(0), reader.GetString(1)),
                last,
                portion);
            foreach (var checkpoint in kept)
            {
                yield return checkpoint;
            }

            if (kept.Count < portion)
            {
                yield break;
            }

            last = kept[^1].Size;
            await Task.CompletedTask;
        }
    }
}
