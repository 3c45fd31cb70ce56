using Npgsql;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>
/// Says whether the catalog is still the one that an earlier analysis saw.
/// </summary>
/// <remarks>
/// PostgreSQL tells no other session about DDL, and the newest transaction id proves nothing: a long transaction
/// commits late with an old one. So every row that anybody made in the catalog is hashed with the id of the transaction
/// that wrote it: another definition is another pair. That costs a scan of a few indexes, so it is asked at most once
/// in <c>age</c>, and a version may be that old.
/// What follows for whoever keeps analyses: keep them under the version that was current when they began; use them only
/// for statements that read and nothing else (a session that may only read cannot do more, whatever changed); analyse
/// writes again when they are executed and compare <c>Effects.Catalog</c>; call <see cref="Forget"/> when DDL went
/// through the gate.
/// </remarks>
internal sealed class CatalogWatch(NpgsqlDataSource source, TimeProvider time, TimeSpan age) : IDisposable
{
    private const string Read = """
        SELECT sum(c)::int8, bit_xor(h) FROM (
            SELECT count(*) AS c, bit_xor(hashint8extended(oid::int8, xmin::text::int8)) AS h
              FROM pg_catalog.pg_class WHERE oid >= 16384
            UNION ALL
            SELECT count(*), bit_xor(hashint8extended(attrelid::int8 << 16 | attnum::int8 & 65535,
                                                      xmin::text::int8 + 1))
              FROM pg_catalog.pg_attribute WHERE attrelid >= 16384
            UNION ALL
            SELECT count(*), bit_xor(hashint8extended(inhrelid::int8, xmin::text::int8 + 2))
              FROM pg_catalog.pg_inherits
            UNION ALL
            SELECT count(*), bit_xor(hashint8extended(oid::int8, xmin::text::int8 + 3))
              FROM pg_catalog.pg_proc WHERE oid >= 16384
            UNION ALL
            SELECT count(*), bit_xor(hashint8extended(oid::int8, xmin::text::int8 + 4))
              FROM pg_catalog.pg_rewrite WHERE oid >= 16384
            UNION ALL
            SELECT count(*), bit_xor(hashint8extended(oid::int8, xmin::text::int8 + 5))
              FROM pg_catalog.pg_trigger WHERE oid >= 16384
            UNION ALL
            SELECT count(*), bit_xor(hashint8extended(oid::int8, xmin::text::int8 + 6))
              FROM pg_catalog.pg_policy
            UNION ALL
            SELECT count(*), bit_xor(hashint8extended(oid::int8, xmin::text::int8 + 7))
              FROM pg_catalog.pg_constraint WHERE oid >= 16384
            UNION ALL
            SELECT count(*), bit_xor(hashint8extended(oid::int8, xmin::text::int8 + 8))
              FROM pg_catalog.pg_attrdef WHERE oid >= 16384
            UNION ALL
            SELECT count(*), bit_xor(hashint8extended(oid::int8, xmin::text::int8 + 9))
              FROM pg_catalog.pg_type WHERE oid >= 16384
            UNION ALL
            SELECT count(*), bit_xor(hashint8extended(oid::int8, xmin::text::int8 + 10))
              FROM pg_catalog.pg_operator WHERE oid >= 16384
            UNION ALL
            SELECT count(*), bit_xor(hashint8extended(oid::int8, xmin::text::int8 + 11))
              FROM pg_catalog.pg_cast WHERE oid >= 16384
            UNION ALL
            SELECT count(*), bit_xor(hashint8extended(oid::int8, xmin::text::int8 + 12))
              FROM pg_catalog.pg_namespace WHERE oid >= 16384
            UNION ALL
            SELECT count(*), bit_xor(hashint8extended(aggfnoid::oid::int8, xmin::text::int8 + 13))
              FROM pg_catalog.pg_aggregate WHERE aggfnoid >= 16384
            UNION ALL
            SELECT count(*), bit_xor(hashint8extended(oid::int8, xmin::text::int8 + 14))
              FROM pg_catalog.pg_amproc WHERE oid >= 16384
            UNION ALL
            SELECT count(*), bit_xor(hashint8extended(oid::int8, xmin::text::int8 + 15))
              FROM pg_catalog.pg_amop WHERE oid >= 16384) AS all_of_them
        """;

    /// <summary>The same of everything that runs as code, but for what temporary tables bring along.</summary>
    private const string ReadCode = """
        SELECT sum(c)::int8, coalesce(bit_xor(h), 0) FROM (
            SELECT count(*) AS c, bit_xor(hashint8extended(oid::int8, xmin::text::int8)) AS h
              FROM pg_catalog.pg_proc
             WHERE oid >= 16384 AND NOT pg_catalog.pg_is_other_temp_schema(pronamespace)
            UNION ALL
            SELECT count(*), bit_xor(hashint8extended(t.oid::int8, t.xmin::text::int8 + 1))
              FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
             WHERE c.relpersistence <> 't'
            UNION ALL
            SELECT count(*), bit_xor(hashint8extended(r.oid::int8, r.xmin::text::int8 + 2))
              FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
             WHERE r.oid >= 16384 AND c.relpersistence <> 't'
            UNION ALL
            SELECT count(*), bit_xor(hashint8extended(oid::int8, xmin::text::int8 + 3))
              FROM pg_catalog.pg_operator WHERE oid >= 16384
            UNION ALL
            SELECT count(*), bit_xor(hashint8extended(oid::int8, xmin::text::int8 + 4))
              FROM pg_catalog.pg_cast WHERE oid >= 16384) AS all_of_it
        """;

    private readonly SemaphoreSlim _asking = new(1, 1);

    // Guards _known and _changes.
    private readonly Lock _lock = new();
    private Known? _known;
    private int _changes;

    /// <summary>A version that was current within the last <c>age</c>.</summary>
    /// <exception cref="NpgsqlException">The server does not say; nothing that was kept may be used.</exception>
    public ValueTask<CatalogVersion> CurrentAsync(CancellationToken cancellationToken) =>
        Fresh() is { } known ? ValueTask.FromResult(known.Version) : AskAsync(cancellationToken);

    /// <summary>The state of all code right now, for statements that run some which nobody follows.</summary>
    /// <exception cref="NpgsqlException">The server does not say.</exception>
    public Task<CatalogVersion> CodeAsync(CancellationToken cancellationToken) =>
        ReadAsync(ReadCode, cancellationToken);

    /// <summary>The catalog changed: the next question goes to the server.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _known = null;
            _changes++;
        }
    }

    public void Dispose() => _asking.Dispose();

    private Known? Fresh()
    {
        lock (_lock)
        {
            // A clock that was set back makes an answer old, not young.
            return _known is { } known && time.GetUtcNow() - known.At is var old && old >= TimeSpan.Zero && old < age
                ? known
                : null;
        }
    }

    private async ValueTask<CatalogVersion> AskAsync(CancellationToken cancellationToken)
    {
        await _asking.WaitAsync(cancellationToken);
        try
        {
            if (Fresh() is { } known)
            {
                return known.Version;
            }

            // The time before the question: what commits while it is answered belongs to the next version.
            var before = time.GetUtcNow();
            var changes = Volatile.Read(ref _changes);
            var version = await ReadAsync(Read, cancellationToken);
            Keep(new Known(version, before), changes);
            return version;
        }
        finally
        {
            _asking.Release();
        }
    }

    /// <summary>An answer that DDL overtook is given, but not kept.</summary>
    private void Keep(Known known, int changes)
    {
        lock (_lock)
        {
            if (_changes == changes)
            {
                _known = known;
            }
        }
    }

    private async Task<CatalogVersion> ReadAsync(string query, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenLiveAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { new NpgsqlBatchCommand(query) } };
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new CatalogVersion(reader.GetInt64(0), reader.GetInt64(1));
    }

    private sealed record Known(CatalogVersion Version, DateTimeOffset At);
}

/// <summary>One state of a database's definitions; equal ones are the same.</summary>
/// <param name="Rows">How many rows there are.</param>
/// <param name="Hash">Over which rows, and which transactions wrote them.</param>
internal readonly record struct CatalogVersion(long Rows, long Hash);
