using System.Globalization;
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

    private const string Schema = """
        CREATE TABLE a (id int PRIMARY KEY, x int, y text DEFAULT 'd');
        CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a ON DELETE CASCADE ON UPDATE CASCADE, y text);
        CREATE TABLE c (id int PRIMARY KEY, b int REFERENCES b ON DELETE SET NULL ON UPDATE CASCADE, y text);
        CREATE TABLE d (id int PRIMARY KEY, c int REFERENCES c ON DELETE CASCADE, a int DEFAULT 1
            REFERENCES a ON DELETE SET DEFAULT);
        CREATE TABLE log (what text);
        CREATE RULE logged AS ON UPDATE TO d DO ALSO INSERT INTO log VALUES ('d');
        CREATE VIEW va AS SELECT id AS key, x FROM a WHERE id > 0;
        CREATE VIEW vva AS SELECT key FROM va;
        CREATE TABLE p (id int, x int) PARTITION BY RANGE (id);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
        CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (100);
        CREATE TABLE parent (id int, x int);
        CREATE TABLE heir (more text) INHERITS (parent);
        CREATE FUNCTION gone(int) RETURNS SETOF int LANGUAGE sql AS 'DELETE FROM b WHERE id = $1 RETURNING id';
        INSERT INTO a SELECT i, i FROM generate_series(1, 20) i;
        INSERT INTO b SELECT i, i FROM generate_series(1, 20) i;
        INSERT INTO c SELECT i, i FROM generate_series(1, 20) i;
        INSERT INTO d SELECT i, i, 2 FROM generate_series(1, 20) i;
        INSERT INTO p SELECT i, i FROM generate_series(1, 20) i;
        INSERT INTO parent VALUES (1, 1);
        INSERT INTO heir VALUES (2, 2, 'm');
        """;

    private static readonly string[] s_targets =
        ["a", "b", "c", "d", "va", "vva", "p", "p1", "parent", "ONLY parent", "heir"];

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

    private static string Statement(System.Random random)
    {
        var target = s_targets[random.Next(s_targets.Length)];
        var key = target is "va" or "vva" ? "key" : "id";
        var number = random.Next(1, 12).ToString(CultureInfo.InvariantCulture);
        return random.Next(9) switch
        {
            0 => $"DELETE FROM {target} WHERE {key} = {number}",
            1 => $"UPDATE {target} SET {key} = {key} + 40 WHERE {key} = {number}",
            2 when target is "a" or "va" or "p" or "p1" or "parent" =>
                $"UPDATE {target} SET x = 3 WHERE {key} = {number}",
            3 => $"WITH w AS (DELETE FROM {target} WHERE {key} < {number} RETURNING {key}) SELECT count(*) FROM w",
            4 => $"INSERT INTO {target.Replace("ONLY ", "", StringComparison.Ordinal)} ({key}) VALUES (5{number})"
                .Replace("(5", target == "p1" ? "(0 *" : "(5", StringComparison.Ordinal),
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
