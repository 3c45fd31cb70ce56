using System.Globalization;
using Countersign.Core.Redaction;
using Countersign.Gates.Postgres;
using Countersign.Gates.Postgres.Statements;
using Countersign.Tests.Postgres.Support;
using Npgsql;

namespace Countersign.Tests.Postgres.Analysis;

/// <summary>
/// What the analysis says is written against what the server counts when the statement runs and is rolled back.
/// </summary>
public sealed class WriteSetTests(PostgresServer server)
{
    private const int Statements = 300;
    private const int Kinds = 9;

    private const string Schema = """
        CREATE TABLE a (id int PRIMARY KEY, x int, y text DEFAULT 'd');
        CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a ON DELETE CASCADE ON UPDATE CASCADE, y text);
        CREATE TABLE c (id int PRIMARY KEY, b int REFERENCES b ON DELETE SET NULL ON UPDATE CASCADE, y text);
        CREATE TABLE d (id int PRIMARY KEY, c int REFERENCES c ON DELETE CASCADE, a int DEFAULT 21
            REFERENCES a ON DELETE SET DEFAULT);
        CREATE TABLE log (what text);
        CREATE RULE logged AS ON UPDATE TO d DO ALSO INSERT INTO log VALUES ('d');
        CREATE SEQUENCE numbers;
        CREATE VIEW va AS SELECT id AS key, x FROM a WHERE id > 0;
        CREATE VIEW vva AS SELECT key FROM va;
        CREATE TABLE p (id int, x int) PARTITION BY RANGE (id);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
        CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (100);
        CREATE TABLE parent (id int, x int);
        CREATE TABLE heir (more text) INHERITS (parent);
        CREATE FUNCTION hidden() RETURNS int LANGUAGE plpgsql AS
            'BEGIN INSERT INTO log VALUES (''h''); RETURN 1; END';
        CREATE FUNCTION tells() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN INSERT INTO log VALUES (''t''); RETURN NEW; END';
        CREATE TABLE noisy (id int);
        CREATE TRIGGER noise AFTER INSERT ON noisy FOR EACH ROW EXECUTE FUNCTION tells();
        CREATE VIEW turned AS SELECT id FROM noisy;
        CREATE TRIGGER turns INSTEAD OF INSERT ON turned FOR EACH ROW EXECUTE FUNCTION tells();
        CREATE TABLE filled (id int, n int DEFAULT hidden());
        CREATE FUNCTION gone(int) RETURNS SETOF int LANGUAGE sql AS 'DELETE FROM b WHERE id = $1 RETURNING id';
        INSERT INTO a SELECT i, i FROM generate_series(1, 21) i;
        INSERT INTO b SELECT i, i FROM generate_series(1, 21) i;
        INSERT INTO c SELECT i, i FROM generate_series(1, 21) i;
        INSERT INTO d SELECT i, i, 2 FROM generate_series(1, 20) i;
        INSERT INTO p SELECT i, i FROM generate_series(1, 20) i;
        INSERT INTO parent VALUES (1, 1);
        INSERT INTO heir VALUES (2, 2, 'm');
        """;

    private static readonly string[] s_targets =
        ["a", "b", "c", "d", "va", "vva", "p", "p1", "parent", "ONLY parent", "heir"];

    private static readonly string[] s_unseen =
    [
        "SELECT hidden()", "SELECT * FROM a WHERE x = hidden()", "INSERT INTO noisy VALUES (1)",
        "INSERT INTO turned VALUES (1)", "INSERT INTO filled (id) VALUES (1)",
        "WITH w AS (INSERT INTO noisy VALUES (1) RETURNING id) SELECT * FROM w",
        "INSERT INTO filled SELECT 1, hidden()",
    ];

    /// <summary>Rows with and without rows that refer to them, in either partition.</summary>
    private static readonly int[] s_keys = [1, 4, 11, 21];

    /// <summary>Every relation that the server changed is in the write set.</summary>
    [Fact]
    public async Task Nothing_is_written_that_was_not_foretold()
    {
        await using var shop = await AnalysedDatabase.CreateAsync(server, Schema);
        var random = new System.Random(4);
        var changing = 0;
        for (var i = 0; i < Statements; i++)
        {
            var text = Statement(random);
            var effects = await shop.EffectsAsync(text);

            var all = await WrittenAsync(shop, text);
            changing += all.Count > 0 ? 1 : 0;
            foreach (var written in all)
            {
                Assert.True(
                    effects.Writes.Contains(written),
                    $"{text} wrote {written}, not {string.Join(", ", effects.Writes)}.");
            }

            Assert.False(effects.IsReadOnly, text);
        }

        Assert.True(changing > Statements / 2, $"Only {changing} statements changed anything.");
    }

    /// <summary>
    /// The other way round, nothing is foretold that cannot be: over some keys, the relations that the server locks for
    /// writing are the write set of each statement, cascades and partitions included.
    /// </summary>
    [Fact]
    public async Task What_is_foretold_is_what_the_server_may_write()
    {
        await using var shop = await AnalysedDatabase.CreateAsync(server, Schema);
        foreach (var (target, kind) in s_targets.SelectMany(
            target => Enumerable.Range(0, Kinds).Select(kind => (target, kind))))
        {
            var locked = new SortedSet<string>(StringComparer.Ordinal);
            var texts = s_keys.Select(key => Statement(kind, target, key)).ToArray();
            foreach (var text in texts)
            {
                locked.UnionWith(await LockedAsync(shop, text));
            }

            foreach (var text in texts)
            {
                var foretold = (await shop.EffectsAsync(text)).Writes;
                Assert.True(
                    locked.SetEquals(foretold),
                    $"{text} may write {string.Join(", ", locked)}, not {string.Join(", ", foretold)}.");
            }
        }
    }

    /// <summary>
    /// Code that nobody analyses writes what nobody foretells; then the statement says so and no policy that asks
    /// whether it was understood lets it pass.
    /// </summary>
    [Fact]
    public async Task What_writes_more_than_is_foretold_is_opaque()
    {
        await using var shop = await AnalysedDatabase.CreateAsync(server, Schema);
        foreach (var text in s_unseen)
        {
            var effects = await shop.EffectsAsync(text);
            var locked = await LockedAsync(shop, text);

            Assert.Equal(["public.log"], locked.Except(effects.Writes));
            Assert.True(IsOpaque(effects), text);
        }

        Assert.False(IsOpaque(await shop.EffectsAsync("INSERT INTO filled VALUES (1, 2)")));
    }

    private static bool IsOpaque(Effects effects) =>
        PostgresActionReader.FactsOf(effects, TargetRedaction.None).Members["opaque"] is true;

    /// <summary>A role with exactly the rights that were found may run the statement.</summary>
    [Fact]
    public async Task The_rights_that_are_told_suffice()
    {
        await using var shop = await AnalysedDatabase.CreateAsync(server, Schema);
        var random = new System.Random(5);
        for (var i = 0; i < Statements / 3; i++)
        {
            var text = Statement(random);
            var effects = await shop.EffectsAsync(text);
            var role = $"only_{Guid.CreateVersion7():N}";
            await shop.RunAsync($"CREATE ROLE {role}");
            foreach (var use in effects.Rights)
            {
                await shop.RunAsync($"GRANT {use.Rights.ToString().ToUpperInvariant()} ON {use.Name} TO {role}");
            }

            await RolledBackAsync(shop, $"SET LOCAL ROLE {role}", text);
        }
    }

    private static string Statement(System.Random random) => Statement(
        random.Next(Kinds), s_targets[random.Next(s_targets.Length)], random.Next(1, 12));

    private static string Statement(int kind, string target, int id)
    {
        var key = target is "va" or "vva" ? "key" : "id";
        var number = id.ToString(CultureInfo.InvariantCulture);
        return kind switch
        {
            0 => $"DELETE FROM {target} WHERE {key} = {number}",
            1 => $"UPDATE {target} SET {key} = {key} + 40 WHERE {key} = {number}",
            2 when target is "a" or "va" or "p" or "p1" or "parent" =>
                $"UPDATE {target} SET x = 3 WHERE {key} = {number}",
            3 => $"WITH w AS (DELETE FROM {target} WHERE {key} < {number} RETURNING {key}) SELECT count(*) FROM w",
            4 => $"INSERT INTO {target.Split(' ')[^1]} ({key}) VALUES ({target switch
            {
                "p" => number,
                "p1" => "0",
                _ => "5" + number,
            }})",
            5 when target is "a" or "b" =>
                $"INSERT INTO {target} (id) VALUES ({number}) ON CONFLICT (id) DO UPDATE SET y = excluded.y",
            6 when target is "a" or "b" or "parent" =>
                $"MERGE INTO {target} t USING (SELECT {number} AS k) s ON t.id = s.k WHEN MATCHED THEN DELETE "
                + "WHEN NOT MATCHED THEN INSERT (id) VALUES (77)",
            7 => $"SELECT gone({number}), 1",
            _ => $"DELETE FROM {target} USING d z WHERE z.id = {target.Split(' ')[^1]}.{key} AND z.a = 2",
        };
    }

    private static async Task<List<string>> WrittenAsync(AnalysedDatabase shop, string text) =>
        await RolledBackAsync(shop, "SELECT 1", text, """
            SELECT schemaname || '.' || relname FROM pg_stat_xact_user_tables
             WHERE n_tup_ins + n_tup_upd + n_tup_del > 0
            """);

    /// <summary>Views are locked where they are written through.</summary>
    private static Task<List<string>> LockedAsync(AnalysedDatabase shop, string text) =>
        RolledBackAsync(shop, "SELECT 1", text, """
            SELECT 'public.' || relname FROM pg_locks JOIN pg_class c ON c.oid = relation
             WHERE pid = pg_backend_pid() AND mode = 'RowExclusiveLock' AND relkind IN ('r', 'p', 'v')
            """);

    private static async Task<List<string>> RolledBackAsync(
        AnalysedDatabase shop, string before, string text, string? question = null)
    {
        var cancelled = TestContext.Current.CancellationToken;
        await using var connection = await shop.Source.OpenConnectionAsync(cancelled);
        await using var transaction = await connection.BeginTransactionAsync(cancelled);
        var answers = new List<string>();
        try
        {
            await using var batch = new NpgsqlBatch(connection)
            {
                BatchCommands = { new NpgsqlBatchCommand(before), new NpgsqlBatchCommand(text) },
            };
            await batch.ExecuteNonQueryAsync(cancelled);
        }
        catch (PostgresException violated) when (violated.SqlState.StartsWith("23", StringComparison.Ordinal))
        {
            // The data does not allow it, which the rights and the write set have nothing to do with.
            return answers;
        }

        await using var asked = new NpgsqlCommand(question ?? "SELECT 'none'", connection);
        await using var reader = await asked.ExecuteReaderAsync(cancelled);
        while (await reader.ReadAsync(cancelled))
        {
            answers.Add(reader.GetString(0));
        }

        return answers;
    }
}
