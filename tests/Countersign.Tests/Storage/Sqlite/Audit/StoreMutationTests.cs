using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Core;
using Microsoft.Data.Sqlite;

namespace Countersign.Tests.Storage.Sqlite.Audit;

/// <summary>
/// Somebody with access to the database changes one value, takes one row away or puts one in: in every table and column
/// that carries evidence it is found. What is not evidence is listed here with the reason, and a new column that stands
/// in neither list fails.
/// </summary>
public sealed class StoreMutationTests
{
    /// <summary>Columns that say nothing about the past, or that entries cannot say.</summary>
    private static readonly Dictionary<string, string> s_noEvidence = new(StringComparer.Ordinal)
    {
        ["action.version"] = "counts writes, for races only",
        ["action.idempotency_hash"] = "which retry attaches; the key itself is never kept",
        ["action.next_deadline"] = "when a timer looks again",
        ["action.started_at"] = "of an execution under way; its intent has the time",
        ["action.delivered"] = "whether somebody fetched the outcome",
        ["action.denied_until"] = "how long a denial answers by itself",
        ["action.detached"] = "who takes the approval",
        ["favour.behind"] = "an index over votes, who stood behind the request is in the rosters",
        ["passkey.sign_count"] = "moves with each use; only less than at the enrolment is impossible",
        ["log_head.id"] = "there is one row",
        ["log_head.fence"] = "counts openings of the store",
        ["log_head.clock"] = "moves with each commit, also without entries; it is only never behind the last entry",
        ["vote.id"] = "numbers rows; their order is that of their entries",
    };

    /// <summary>Tables that move things along; nothing of the past is known from them alone.</summary>
    private static readonly HashSet<string> s_working =
        ["outbox", "posting", "once", "membership", "schema_version"];

    /// <summary>Rows of these may be missing: a favour is an index, and it is newer than the first votes.</summary>
    private static readonly HashSet<string> s_mayLackRows = ["favour"];

    [Fact]
    public async Task Whatever_is_edited_in_a_column_that_carries_evidence_is_found()
    {
        await using var host = await FullStore.WriteAsync();
        await host.CloseAsync();
        var (missed, tried) = (new List<string>(), 0);
        foreach (var (table, columns) in Tables(host).Where(each => !s_working.Contains(each.Table)))
        {
            foreach (var column in columns.Where(column => !s_noEvidence.ContainsKey($"{table}.{column.Name}")))
            {
                var wasTried = 0;
                foreach (var mutation in MutationsOf(table, column, columns))
                {
                    wasTried += await TryAsync(host, mutation, missed) ? 1 : 0;
                }

                Assert.True(wasTried > 0, $"{table}.{column.Name} holds nothing that could be edited.");
                tried += wasTried;
            }
        }

        Assert.Empty(missed);
        Assert.True(tried > 90, $"Only {tried} values were edited.");
    }

    [Fact]
    public async Task A_row_that_is_taken_away_is_found_in_every_table_that_carries_evidence()
    {
        await using var host = await FullStore.WriteAsync();
        await host.CloseAsync();
        var missed = new List<string>();
        foreach (var (table, columns) in Tables(host)
            .Where(each => !s_working.Contains(each.Table) && !s_mayLackRows.Contains(each.Table)))
        {
            var where = string.Join(" AND ", columns.Where(c => c.IsKey).Select(c => $"{c.Name} = (SELECT {c.Name} "
                + $"FROM {table} {Order(columns)} LIMIT 1 OFFSET (SELECT count(*) / 2 FROM {table}))"));
            Assert.True(await TryAsync(host, $"DELETE FROM {table} WHERE {where}", missed), table);
            Assert.True(await TryAsync(host, $"DELETE FROM {table}", missed), table);
        }

        Assert.Empty(missed);
    }

    [Theory]
    [InlineData("INSERT INTO entry SELECT max(position) + 1, leaf, action FROM entry")]
    [InlineData("INSERT INTO payload SELECT 100000, ciphertext, wrapped_key, key_id FROM payload LIMIT 1")]
    [InlineData("INSERT INTO tile SELECT level, 7, hashes FROM tile LIMIT 1")]
    [InlineData("INSERT INTO tile SELECT 3, 0, hashes FROM tile LIMIT 1")]
    [InlineData("INSERT INTO checkpoint SELECT size + 1, note FROM checkpoint ORDER BY size DESC LIMIT 1")]
    [InlineData("INSERT INTO checkpoint SELECT size - 100, note FROM checkpoint ORDER BY size DESC LIMIT 1")]
    [InlineData("INSERT INTO vote (action, revision, person, kind, assurance, at, entry) "
        + "SELECT action, revision, person, kind, assurance, at, entry FROM vote LIMIT 1")]
    [InlineData("INSERT INTO action_grant SELECT id, 1, 1 FROM action WHERE state = 'denied'")]
    [InlineData("INSERT INTO policy SELECT epoch + 1, hash, at, entry FROM policy ORDER BY epoch DESC LIMIT 1")]
    [InlineData("INSERT INTO roster SELECT epoch + 1, hash, at, entry FROM roster")]
    [InlineData("INSERT INTO agent_stop SELECT 'another', at, entry FROM agent_stop")]
    [InlineData("INSERT INTO recording_window SELECT 3, target, node, reads, recorded, until FROM recording_window")]
    [InlineData("INSERT INTO passkey SELECT 3, locator || '0', person, sign_count, at FROM passkey")]
    [InlineData("INSERT INTO account_link SELECT account || '0', entry FROM account_link")]
    [InlineData("INSERT INTO definition SELECT target, 'another', fingerprint, definition FROM definition")]
    [InlineData("INSERT INTO favour SELECT behind, voter, action, at FROM favour LIMIT 1")]
    [InlineData("INSERT INTO person SELECT 'per_' || substr(pseudonym, 6) || 'x', sealed_id FROM person LIMIT 1")]
    [InlineData("INSERT INTO key_succession SELECT 3, note FROM key_succession")]
    public async Task A_row_that_is_put_in_is_found(string insert)
    {
        await using var host = await FullStore.WriteAsync();
        await host.CloseAsync();
        var missed = new List<string>();
        Assert.True(await TryAsync(host, insert, missed));
        Assert.Empty(missed);
    }

    [Fact]
    public async Task A_column_is_evidence_or_there_is_a_reason_why_not()
    {
        await using var host = await FullStore.WriteAsync();
        await host.CloseAsync();
        var known = Tables(host).SelectMany(each => each.Columns.Select(c => $"{each.Table}.{c.Name}")).ToHashSet();
        Assert.Subset(known, s_noEvidence.Keys.ToHashSet());
        Assert.Subset(Tables(host).Select(each => each.Table).ToHashSet(), s_working);
        await host.Folder.AuditAsync();
    }

    /// <summary>Another value of the same kind, and nothing at all.</summary>
    private static IEnumerable<string> MutationsOf(string table, Column column, IReadOnlyList<Column> columns)
    {
        var row = string.Join(" AND ", columns.Where(c => c.IsKey).Select(c =>
            $"{c.Name} = (SELECT {c.Name} FROM {table} WHERE {column.Name} IS NOT NULL {Order(columns)} LIMIT 1)"));
        var other = column.Type switch
        {
            "INTEGER" => $"{column.Name} + 600000000000",
            // Random values may end as the mutation would: then they get another end.
            "BLOB" => $"CAST(substr({column.Name}, 1, length({column.Name}) - 1) || "
                + $"CASE WHEN substr({column.Name}, -1) = x'5a' THEN x'5b' ELSE x'5a' END AS BLOB)",
            _ => $"substr({column.Name}, 1, length({column.Name}) - 2) || "
                + $"CASE WHEN substr({column.Name}, -2) = 'zz' THEN 'yy' ELSE 'zz' END",
        };
        yield return $"UPDATE {table} SET {column.Name} = {other} WHERE {row}";
        if (!column.IsRequired)
        {
            yield return $"UPDATE {table} SET {column.Name} = NULL WHERE {row}";
        }
    }

    private static string Order(IEnumerable<Column> columns) =>
        $"ORDER BY {string.Join(", ", columns.Where(c => c.IsKey).Select(c => c.Name))}";

    /// <summary>Whether the database took the change; when nobody found it, it is missed.</summary>
    private static async Task<bool> TryAsync(CoreHost host, string sql, List<string> missed)
    {
        var copy = host.Folder.CopyDatabase("mutated.db");
        if (!TryChange(copy, sql))
        {
            return false;
        }

        if ((await host.Folder.FaultsAsync(withPayloads: true, copy)).Count == 0)
        {
            missed.Add(sql);
        }

        return true;
    }

    private static bool TryChange(string path, string sql)
    {
        using var session = SqliteSession.Open(path, SqliteOpenMode.ReadWrite);
        session.RunScript("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; PRAGMA synchronous = OFF");
        foreach (var trigger in session.Query(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger'", static reader => reader.GetString(0)))
        {
            session.RunScript($"DROP TRIGGER {trigger}");
        }

        try
        {
            return session.Execute(sql) > 0;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    private static List<(string Table, List<Column> Columns)> Tables(CoreHost host)
    {
        using var session = SqliteSession.Open(host.Folder.Database, SqliteOpenMode.ReadOnly);
        var tables = session.Query(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
            static reader => reader.GetString(0));
        return [.. tables.Select(table => (table, session.Query(
            $"SELECT name, type, \"notnull\", pk FROM pragma_table_info('{table}')",
            static reader => new Column(
                reader.GetString(0), reader.GetString(1), reader.GetInt64(2) == 1, reader.GetInt64(3) > 0))))];
    }

    private sealed record Column(string Name, string Type, bool IsNotNull, bool IsKey)
    {
        public bool IsRequired => IsNotNull || IsKey;
    }
}
