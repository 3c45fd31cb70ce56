namespace Countersign.Tests.Postgres.Clients;

/// <summary>Statements of every class, right and wrong, in an order in which all of them mean something.</summary>
internal static class StatementCorpus
{
    public const string SetUp = """
        CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
        CREATE DOMAIN positive AS int CHECK (VALUE > 0);
        CREATE TABLE lines (
            id int PRIMARY KEY, order_id int REFERENCES orders ON DELETE CASCADE, amount positive NOT NULL DEFAULT 1,
            tags text[], body jsonb, at timestamptz DEFAULT '2020-01-01', m mood, CHECK (id < 1000));
        INSERT INTO lines SELECT n, n, n, ARRAY['a', n::text], jsonb_build_object('n', n), '2020-01-01', 'ok'
            FROM generate_series(1, 9) AS n;
        CREATE VIEW big AS SELECT id, total FROM orders WHERE total > 50;
        CREATE FUNCTION twice(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT i * 2';
        CREATE FUNCTION loud(t text) RETURNS text LANGUAGE plpgsql AS
            $f$ BEGIN RAISE NOTICE 'loud %', t USING HINT = 'be quiet'; RETURN upper(t); END $f$;
        CREATE TABLE narrow (i int CHECK (i > 0));
        CREATE FUNCTION fail(code text) RETURNS int LANGUAGE plpgsql AS $f$ BEGIN
            RAISE 'failed' USING ERRCODE = code, DETAIL = 'd', HINT = 'h', SCHEMA = 's', TABLE = 't', COLUMN = 'c',
                DATATYPE = 'y', CONSTRAINT = 'n'; END $f$;
        """;

    private static readonly string[] s_values =
    [
        "NULL", "1", "-1", "2147483648", "9223372036854775808", "1.50", "1e10", "'text'", "''", "E'a\\nb'",
        "U&'\\0061'",
        "$t$dollar$t$", "B'101'", "X'1F'", "true", "1 + 2", "7 / 2", "7 % 3", "2 ^ 10", "1.0 / 3", "1 / 0",
        "'a' || 'b'",
        "length('häß')", "upper('é')", "'2020-01-02'::date", "'2020-01-02 03:04:05.678'::timestamp",
        "'2020-01-02 03:04+02'::timestamptz", "interval '1 day 2 hours'", "'12:34'::time", "ARRAY[1, 2, NULL]",
        "ARRAY['a', 'b c', '\"']", "ARRAY[[1, 2], [3, 4]]", "'{1,2}'::int[]", "'{\"a\": [1, 2]}'::jsonb",
        "'{\"b\":  1}'::json", "'{\"a\": 1}'::jsonb -> 'a'", "'\\x00ff'::bytea", "'a'::\"char\"", "'name'::name",
        "'ok'::mood", "'bad'::mood", "5::positive", "(-5)::positive", "'NaN'::float8", "'Infinity'::float4",
        "0.1::float4",
        "123456789.123456789::numeric(20, 5)", "12.345::money", "'10.0.0.1/8'::inet", "'(1,2)'::point",
        "'[1,5)'::int4range",
        "'6f9619ff-8b86-d011-b42d-00cf4fc964ff'::uuid", "twice(4)", "loud('x')", "nope('x')", "nope",
        "(SELECT max(id) FROM orders)", "(SELECT id FROM orders)", "EXISTS (SELECT FROM lines)", "md5('x')",
        "array_agg(1)", "string_agg('x', ',')", "row(1, 'a')", "1 IN (1, 2)", "1 BETWEEN 0 AND 2",
        "NULL IS DISTINCT FROM 1",
        "to_char(1234.5, '9,999.99')", "date_trunc('month', '2020-05-06'::timestamp)",
        "regexp_replace('aXb', 'X', '-')",
    ];

    private static readonly string[] s_wrappings =
    [
        "SELECT {0}", "SELECT {0} AS x, ({0})::text", "SELECT ARRAY[{0}]", "VALUES ({0}), ({0})", "SELECT count({0})",
        "SELECT * FROM (SELECT {0} AS v) AS s WHERE v IS NOT NULL", "WITH w AS (SELECT {0} AS v) SELECT v, v FROM w",
        "SELECT CASE WHEN true THEN {0} END", "SELECT coalesce({0}, NULL)", "SELECT to_json({0})", "SELECT ({0})::int",
        "SELECT {0} UNION ALL SELECT {0}", "SELECT row({0}, 1)", "COPY (SELECT {0}) TO STDOUT",
        "EXPLAIN (COSTS OFF) SELECT {0}", "PREPARE p AS SELECT {0}", "EXECUTE p", "DEALLOCATE p",
        "SELECT {0} FROM orders WHERE id < 3 ORDER BY id", "SELECT {0} SELECT",
    ];

    private static readonly string[] s_columns =
        ["*", "id", "customer, total", "count(*)", "sum(total)", "o", "o.*", "id % 2 AS odd", "missing",
        "lower(customer)"];

    private static readonly string[] s_conditions =
        ["", "WHERE id = 3", "WHERE id > 100", "WHERE total BETWEEN 20 AND 40", "WHERE customer LIKE '%1%'",
         "WHERE id IN (SELECT order_id FROM lines)", "WHERE customer = 3", "WHERE false"];

    private static readonly string[] s_ends = ["", "ORDER BY 1", "ORDER BY 1 DESC LIMIT 2", "LIMIT 2 OFFSET -1"];

    private static readonly string[] s_texts = ["1", "-1.5", "abc", "", "2020-02-30", "{1,2", "{\"a\":}", "t",
    "99999999999", " 7 "];

    private static readonly string[] s_types =
        ["int", "smallint", "bigint", "numeric", "float8", "bool", "date", "timestamptz", "interval", "int[]",
        "json", "jsonb",
         "uuid", "inet", "bytea", "mood", "positive", "nowhere"];

    /// <summary>One of each class of SQLSTATEs that errors have, and those that a proxy may take for its own.</summary>
    public static readonly string[] States =
        ["01000", "02000", "03000", "08000", "08006", "08007", "08P01", "09000", "0A000", "0B000", "0F000", "0L000",
         "0P000", "0Z000", "20000", "21000", "22000", "23000", "24000", "25000", "25P02", "26000", "27000", "28000",
         "28P01", "2B000", "2D000", "2F000", "34000", "38000", "39000", "3B000", "3D000", "3F000", "40001", "40P01",
         "42501", "44000", "53300", "54001", "55P02", "57014", "57P01", "58000", "72000", "F0000", "HV000", "P0001",
         "XX000", "ZZ999"];

    public static IEnumerable<Asked> All() =>
    [
        .. Texts().Select(static text => new Asked(text)),
        .. Asked.ReadAll(),
        .. States.Select(static state => new Asked($"SELECT fail('{state}')")),
        new Asked("DISCARD ALL"),
    ];

    private static IEnumerable<string> Texts() =>
    [
        .. s_values.SelectMany(value => s_wrappings.Select(
            wrapping => wrapping.Replace("{0}", value, StringComparison.Ordinal))),
        .. s_columns.SelectMany(column => s_conditions.SelectMany(
            condition => s_ends.Select(end => $"SELECT {column} FROM orders o {condition} {end}"))),
        .. s_texts.SelectMany(text => s_types.Select(type => $"SELECT '{text}'::{type}")),
        .. Enumerable.Range(20, 20).SelectMany(Changes),
        .. Enumerable.Range(0, 5).SelectMany(Definitions),
        .. Sessions(),
    ];

    private static IEnumerable<string> Changes(int n) =>
    [
        $"INSERT INTO orders VALUES ({n}, 'new {n}', {n}.5) RETURNING *",
        $"INSERT INTO orders VALUES ({n}, 'again', 0)",
        $"INSERT INTO orders VALUES ({n}, 'upsert', 1) ON CONFLICT (id) DO UPDATE SET total = 2 RETURNING total",
        $"INSERT INTO lines (id, order_id) VALUES ({n}, {n})",
        $"INSERT INTO lines (id, order_id) VALUES ({n + 100}, 9999)",
        $"INSERT INTO lines (id, amount) VALUES ({n + 200}, -1)",
        $"INSERT INTO lines (id, amount) VALUES ({n + 2000}, 1)",
        $"UPDATE orders SET total = total + 1 WHERE id = {n} RETURNING id, total",
        $"UPDATE orders SET nowhere = 1 WHERE id = {n}",
        $"WITH d AS (DELETE FROM lines WHERE id = {n} RETURNING *) SELECT count(*) FROM d",
        $"DELETE FROM orders WHERE id = {n}",
        $"DELETE FROM orders WHERE id = {n}",
    ];

    private static IEnumerable<string> Definitions(int n) =>
    [
        $"CREATE TABLE made{n} (id serial PRIMARY KEY, t text)", $"CREATE TABLE made{n} (id int)",
        $"CREATE TABLE IF NOT EXISTS made{n} (id int)", $"INSERT INTO made{n} (t) VALUES ('a'), ('b') RETURNING id",
        $"ALTER TABLE made{n} ADD COLUMN extra int DEFAULT 3", $"SELECT * FROM made{n}",
        $"CREATE INDEX ON made{n} (t)", $"COMMENT ON TABLE made{n} IS 'made'", $"CREATE VIEW seen{n} AS TABLE made{n}",
        $"DROP TABLE made{n}", $"DROP VIEW seen{n}", $"TRUNCATE made{n}", $"DROP TABLE made{n}",
        $"DROP TABLE IF EXISTS made{n}", $"DO $$ BEGIN RAISE WARNING 'number {n}'; END $$",
    ];

    private static IEnumerable<string> Sessions() =>
    [
        "BEGIN", "BEGIN", "SELECT 1", "SAVEPOINT a", "SELECT 1/0", "SELECT 2", "ROLLBACK TO a", "SELECT 3", "RELEASE a",
        "RELEASE a", "COMMIT", "COMMIT", "ROLLBACK", "SAVEPOINT alone", "START TRANSACTION READ ONLY",
        "SHOW transaction_read_only", "DELETE FROM orders", "ROLLBACK", "BEGIN ISOLATION LEVEL SERIALIZABLE",
        "SHOW transaction_isolation", "DECLARE c CURSOR FOR SELECT id FROM orders ORDER BY id", "FETCH 2 FROM c",
        "FETCH c", "MOVE 2 IN c", "FETCH BACKWARD 1 FROM c", "FETCH ALL FROM c", "CLOSE c", "FETCH c", "END",
        "DECLARE d CURSOR FOR SELECT 1", "SET work_mem = '8MB'", "SHOW work_mem", "RESET work_mem", "SHOW nowhere",
        "SET DateStyle = 'German'", "SELECT '2020-01-02'::date", "SET TIME ZONE 'Europe/Paris'", "SHOW TimeZone",
        "SELECT '2020-01-02'::timestamptz", "SET IntervalStyle = 'iso_8601'", "SELECT interval '1 day'",
        "SET extra_float_digits = 0", "SELECT 0.1::float8 + 0.2", "SET bytea_output = 'escape'",
        "SELECT '\\x00ff'::bytea",
        "RESET ALL", "SET LOCAL work_mem = '1MB'", "SHOW search_path", "SET client_min_messages = error",
        "SELECT loud('quiet')", "RESET client_min_messages", "SELECT loud('again')", "", ";", "-- nothing",
        "/* nothing */",
        "SELECT", "SELECT 1; SELECT 2; SELECT 'three'", "BEGIN; SELECT 1; COMMIT",
        "SELECT 1; INSERT INTO orders VALUES (1)",
        "TABLE big", "SELECT * FROM big ORDER BY id", "COPY orders TO STDOUT WITH (FORMAT csv, HEADER)",
        "COPY lines (id, tags, body) TO STDOUT", "LOCK TABLE orders", "ANALYZE orders", "VACUUM orders",
        "EXPLAIN (COSTS OFF) DELETE FROM orders WHERE id = 1", "EXPLAIN (COSTS OFF, FORMAT JSON) TABLE orders",
        "SELECT 'é🙂' AS \"spaß\", nope", "SELECT '🙂'; SELECT nope", "SELECT \"", "SELECT 'open", "SELECT $1",
        "SELECT * FROM",
    ];
}
