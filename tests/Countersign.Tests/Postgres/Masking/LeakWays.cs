using System.Collections.Immutable;

namespace Countersign.Tests.Postgres.Masking;

/// <summary>One way in which a value may try to leave.</summary>
/// <param name="Name">What it does.</param>
/// <param name="End">How it ends.</param>
/// <param name="Texts">Queries, one after the other in one session.</param>
internal sealed record LeakWay(string Name, LeakEnd End, params ImmutableArray<string> Texts)
{
    public override string ToString() => Name;
}

/// <summary>How a way ends.</summary>
internal enum LeakEnd
{
    /// <summary>What is not masked arrives as it is.</summary>
    Shows,

    /// <summary>Nothing but masks, counts and words without values.</summary>
    Hides,

    /// <summary>An error comes of it, of the gate or of the database.</summary>
    Fails,
}

/// <summary>The catalogue of ways (reference "postgres-guard", items 53 to 57 and section 11).</summary>
internal static class LeakWays
{
    /// <summary>The way whose text is several statements, which no client can prepare.</summary>
    public const string SeveralInOne = "a definition in the same text";

    public static ImmutableArray<LeakWay> All { get; } =
    [
        .. Columns(), .. Expressions(), .. Queries(), .. Structures(), .. Writes(), .. Names(), .. Errors(), .. Code(),
        .. Catalogs(),
    ];

    /// <summary>Those that this gate closes for everybody, or in which no value ever was.</summary>
    public static ImmutableArray<string> Quiet { get; } =
    [
        "a cast to a path", "a pattern that is none", "a sub-select of two rows", "division", "EXPLAIN ANALYZE",
        "set_config", "a query in a value", "a table in a value",
    ];

    private static IEnumerable<LeakWay> Columns() =>
    [
        new("the column", LeakEnd.Shows, "SELECT id, name, ssn FROM customers ORDER BY id"),
        new("an alias", LeakEnd.Shows, "SELECT ssn AS name, name AS ssn FROM customers c ORDER BY id"),
        new("every column", LeakEnd.Shows, "SELECT * FROM customers ORDER BY id"),
        new("TABLE", LeakEnd.Shows, "TABLE customers"),
        new("a table's alias with other names", LeakEnd.Shows, "SELECT b, c FROM customers AS t (a, b, c) ORDER BY a"),
        new("numbers", LeakEnd.Shows, "SELECT name, ssn_number, ssn_int FROM customers ORDER BY id"),
        new("other types", LeakEnd.Shows,
            "SELECT name, profile, numbers, person, raw FROM customers ORDER BY id"),
        new("a view", LeakEnd.Shows, "SELECT name, number_of_person FROM people ORDER BY id"),
        new("a view of an expression", LeakEnd.Shows, "SELECT name, x FROM derived ORDER BY id"),
        new("ONLY and a sample", LeakEnd.Shows, "SELECT name, ssn FROM ONLY customers TABLESAMPLE SYSTEM (100)"),
    ];

    private static IEnumerable<LeakWay> Expressions() =>
    [
        new("concatenation", LeakEnd.Shows, "SELECT name, 'x' || ssn || 'y' FROM customers ORDER BY id"),
        new("reverse", LeakEnd.Shows, "SELECT name, reverse(ssn) FROM customers ORDER BY id"),
        new("upper", LeakEnd.Shows, "SELECT name, upper(ssn) FROM customers ORDER BY id"),
        new("substr", LeakEnd.Shows, "SELECT name, substr(ssn, 3, 11) FROM customers ORDER BY id"),
        new("hex", LeakEnd.Shows, "SELECT name, encode(ssn::bytea, 'hex') FROM customers ORDER BY id"),
        new("base64", LeakEnd.Shows, "SELECT name, encode(convert_to(ssn, 'UTF8'), 'base64') FROM customers"),
        new("md5", LeakEnd.Shows, "SELECT name, md5(ssn) FROM customers ORDER BY id"),
        new("sha256", LeakEnd.Shows, "SELECT name, sha256(ssn::bytea) FROM customers ORDER BY id"),
        new("replace", LeakEnd.Shows, "SELECT name, replace(ssn, 'kq', '') FROM customers ORDER BY id"),
        new("a pattern", LeakEnd.Shows, "SELECT name, substring(ssn FROM '[0-9-]+') FROM customers ORDER BY id"),
        new("regexp_matches", LeakEnd.Hides, "SELECT regexp_matches(ssn, '([0-9-]+)') FROM customers"),
        new("a cast of a number", LeakEnd.Shows, "SELECT name, ssn_number::text FROM customers ORDER BY id"),
        new("a cast to float", LeakEnd.Shows, "SELECT name, ssn_int::float8 FROM customers ORDER BY id"),
        new("arithmetic", LeakEnd.Shows, "SELECT name, ssn_int + 0, ssn_number * 1 FROM customers ORDER BY id"),
        new("CASE", LeakEnd.Shows, "SELECT name, CASE WHEN ssn LIKE 'kq%' THEN ssn END FROM customers ORDER BY id"),
        new("coalesce", LeakEnd.Shows, "SELECT name, coalesce(ssn, 'none') FROM customers ORDER BY id"),
        new("format", LeakEnd.Shows, "SELECT name, format('%s-%L', ssn, ssn) FROM customers ORDER BY id"),
        new("quote_literal", LeakEnd.Shows, "SELECT name, quote_literal(ssn) FROM customers ORDER BY id"),
        new("a varchar", LeakEnd.Shows, "SELECT name, ssn::varchar(20), ssn::char(20), ssn::name FROM customers"),
        new("a domain", LeakEnd.Shows, "SELECT name, ssn::information_schema.character_data FROM customers"),
    ];

    private static IEnumerable<LeakWay> Queries() =>
    [
        new("a common table", LeakEnd.Shows, "WITH w AS (SELECT name, ssn FROM customers) SELECT * FROM w"),
        new("a recursive one", LeakEnd.Shows,
            "WITH RECURSIVE w (n, s, i) AS (SELECT name, ssn, 1 FROM customers UNION ALL " +
            "SELECT n, s, i + 1 FROM w WHERE i < 2) SELECT n, s FROM w"),
        new("UNION", LeakEnd.Shows, "SELECT name, 'x' FROM customers UNION ALL SELECT name, ssn FROM customers"),
        new("INTERSECT", LeakEnd.Shows, "SELECT name, ssn FROM customers INTERSECT SELECT name, ssn FROM customers"),
        new("a sub-select", LeakEnd.Shows, "SELECT name, (SELECT ssn FROM customers WHERE id = 1) FROM customers"),
        new("LATERAL", LeakEnd.Shows,
            "SELECT c.name, l.x FROM customers c, LATERAL (SELECT c.ssn AS x) l ORDER BY c.id"),
        new("a join", LeakEnd.Shows, "SELECT a.name, b.ssn FROM customers a JOIN customers b USING (id) ORDER BY 1"),
        new("VALUES", LeakEnd.Shows, "SELECT * FROM (VALUES ('ann-visible', (SELECT max(ssn) FROM customers))) v"),
        new("a window", LeakEnd.Shows, "SELECT name, first_value(ssn) OVER (ORDER BY id) FROM customers"),
        new("an aggregate", LeakEnd.Shows,
            "SELECT max(name), min(name), max(ssn), string_agg(ssn, ',') FROM customers"),
        new("ORDER BY and DISTINCT", LeakEnd.Shows, "SELECT DISTINCT ON (ssn) name, ssn FROM customers ORDER BY ssn"),
        new("GROUP BY", LeakEnd.Shows, "SELECT name, ssn, count(*) FROM customers GROUP BY ssn, name ORDER BY 1"),
    ];

    private static IEnumerable<LeakWay> Structures() =>
    [
        new("a whole row", LeakEnd.Hides, "SELECT customers FROM customers"),
        new("ROW", LeakEnd.Shows, "SELECT name, ROW(id, ssn) FROM customers ORDER BY id"),
        new("a member of a composite", LeakEnd.Shows, "SELECT name, (person).ssn FROM customers ORDER BY id"),
        new("row_to_json", LeakEnd.Shows, "SELECT name, row_to_json(customers) FROM customers ORDER BY id"),
        new("jsonb_build_object", LeakEnd.Shows, "SELECT name, jsonb_build_object('x', ssn) FROM customers"),
        new("json_agg", LeakEnd.Shows, "SELECT max(name), min(name), json_agg(c) FROM customers c"),
        new("an arrow", LeakEnd.Shows, "SELECT name, profile ->> 'ssn', profile -> 'n' FROM customers"),
        new("jsonb_each_text", LeakEnd.Shows, "SELECT name, e.* FROM customers, jsonb_each_text(profile) e"),
        new("array_agg", LeakEnd.Hides, "SELECT array_agg(ssn) FROM customers"),
        new("ARRAY", LeakEnd.Shows, "SELECT name, ARRAY[ssn, 'x'] FROM customers ORDER BY id"),
        new("unnest", LeakEnd.Shows, "SELECT name, unnest(numbers) FROM customers"),
        new("xml", LeakEnd.Shows, "SELECT name, ssn::bytea::text, concat_ws('-', ssn) FROM customers"),
        new("a range", LeakEnd.Shows, "SELECT name, int8range(ssn_int, ssn_int + 1) FROM customers ORDER BY id"),
        new("a full-text vector", LeakEnd.Shows, "SELECT name, to_tsvector('simple', ssn) FROM customers"),
        new("a table's row as text", LeakEnd.Shows, "SELECT name, c::text FROM customers c ORDER BY id"),
    ];

    private static IEnumerable<LeakWay> Writes() =>
    [
        new("RETURNING", LeakEnd.Shows, "UPDATE customers SET plain = 'p' WHERE id = 1 RETURNING name, ssn"),
        new("RETURNING *", LeakEnd.Shows, "UPDATE customers SET plain = 'q' WHERE id = 1 RETURNING *"),
        new("a write in a common table", LeakEnd.Shows,
            "WITH w AS (UPDATE customers SET plain = 'r' WHERE id = 1 RETURNING name, ssn) SELECT * FROM w"),
        new("COPY of a query", LeakEnd.Shows, "COPY (SELECT name, ssn FROM customers ORDER BY id) TO STDOUT"),
        new("COPY of a table", LeakEnd.Shows, "COPY customers TO STDOUT"),
        new("COPY of columns", LeakEnd.Shows, "COPY customers (ssn, name) TO STDOUT"),
        new("COPY as CSV", LeakEnd.Shows, "COPY customers TO STDOUT WITH (FORMAT csv, HEADER, FORCE_QUOTE *)"),
        new("COPY with other signs", LeakEnd.Shows,
            "COPY customers TO STDOUT (FORMAT csv, DELIMITER '[', QUOTE 'f', ESCAPE 'e', NULL 'nil')"),
        new("COPY with the value as NULL", LeakEnd.Shows,
            "COPY (SELECT name, 'x' || substr(ssn, 3, 11) FROM customers) TO STDOUT (NULL 'x914')"),
        new("COPY in the old words", LeakEnd.Shows, "COPY customers TO STDOUT WITH CSV HEADER DELIMITER ';'"),
        new("COPY in binary", LeakEnd.Shows, "COPY customers TO STDOUT (FORMAT binary)"),
        new("COPY in another encoding", LeakEnd.Fails, "COPY customers TO STDOUT (ENCODING 'LATIN1')"),
        new("COPY of a write", LeakEnd.Shows,
            "COPY (UPDATE customers SET plain = 's' WHERE id = 1 RETURNING name, ssn) TO STDOUT"),
    ];

    private static IEnumerable<LeakWay> Names() =>
    [
        new("a cursor", LeakEnd.Shows,
            "BEGIN", "DECLARE k CURSOR FOR SELECT name, ssn FROM customers ORDER BY id", "FETCH ALL FROM k", "COMMIT"),
        new("a cursor that is held", LeakEnd.Shows,
            "DECLARE h CURSOR WITH HOLD FOR SELECT name, ssn FROM customers ORDER BY id", "FETCH ALL FROM h",
            "CLOSE h"),
        new("a cursor under a name that had another one", LeakEnd.Hides,
            "BEGIN", "DECLARE c CURSOR FOR SELECT 'x', 'y'", "CLOSE c",
            "DECLARE c CURSOR FOR SELECT ssn, ssn FROM customers", "FETCH ALL FROM c", "COMMIT"),
        new("a cursor that code put in another one's place", LeakEnd.Hides,
            "BEGIN", "DECLARE c CURSOR FOR SELECT 'x', 'y'", "SELECT open_cursor()", "FETCH ALL FROM c", "COMMIT"),
        new("a cursor of code that a declaration cannot replace", LeakEnd.Fails,
            "BEGIN", "SELECT open_cursor()", "SAVEPOINT s", "DECLARE c CURSOR FOR SELECT 'x', 'y'",
            "ROLLBACK TO s", "FETCH ALL FROM c", "COMMIT"),
        new("PREPARE and EXECUTE", LeakEnd.Shows,
            "PREPARE p AS SELECT name, ssn FROM customers ORDER BY id", "EXECUTE p", "DEALLOCATE p"),
        new("PREPARE with parameters", LeakEnd.Shows,
            "PREPARE q (int) AS SELECT name, ssn FROM customers WHERE id = $1", "EXECUTE q (1)", "DEALLOCATE q"),
        new(SeveralInOne, LeakEnd.Hides,
            "CREATE OR REPLACE VIEW people AS SELECT id, ssn AS name, name AS number_of_person FROM customers; " +
            "SELECT name, number_of_person FROM people",
            "CREATE OR REPLACE VIEW people AS SELECT id, name, ssn AS number_of_person FROM customers"),
        new("a definition in the same transaction", LeakEnd.Hides,
            "BEGIN", "CREATE OR REPLACE VIEW people AS SELECT id, ssn AS name, name AS number_of_person FROM customers",
            "SELECT name FROM people", "ROLLBACK"),
        new("a temporary table in the way", LeakEnd.Hides,
            "CREATE TEMP TABLE t AS SELECT name AS x, ssn AS y FROM customers", "SELECT * FROM t", "DISCARD TEMP"),
    ];

    private static IEnumerable<LeakWay> Errors() =>
    [
        new("a bad cast", LeakEnd.Fails, "SELECT name, ssn::int FROM customers"),
        new("a bad cast in a condition", LeakEnd.Fails, "SELECT name FROM customers WHERE ssn::int > 1"),
        new("a cast to a table's name", LeakEnd.Fails, "SELECT name, ssn::regclass FROM customers"),
        new("a cast to a type's name", LeakEnd.Fails, "SELECT name, ('x ' || ssn)::regtype FROM customers"),
        new("a cast to a query", LeakEnd.Fails, "SELECT name, (ssn || ' | &')::tsquery FROM customers"),
        new("a cast to a path", LeakEnd.Fails, "SELECT name, ssn::jsonpath FROM customers"),
        new("a cast to a date", LeakEnd.Fails, "SELECT name, ssn::date FROM customers"),
        new("a cast to an enum's kin", LeakEnd.Fails, "SELECT name, ssn::boolean FROM customers"),
        new("out of range", LeakEnd.Fails, "SELECT name, (ssn_int::text || '000')::int FROM customers"),
        new("an unknown encoding", LeakEnd.Fails, "SELECT name, encode(raw, ssn) FROM customers"),
        new("an unknown unit", LeakEnd.Fails, "SELECT name, date_trunc(ssn, now()) FROM customers"),
        new("an unknown zone", LeakEnd.Fails, "SELECT name, now() AT TIME ZONE ssn FROM customers"),
        new("division", LeakEnd.Fails, "SELECT name, 1 / (ssn_int - 914773186) FROM customers"),
        new("a pattern that is none", LeakEnd.Fails, "SELECT name, 'x' ~ ('(' || ssn) FROM customers"),
        new("a role", LeakEnd.Fails, "SELECT name, has_table_privilege(ssn, 'customers', 'SELECT') FROM customers"),
        new("a column", LeakEnd.Fails, "SELECT has_column_privilege('customers', ssn, 'SELECT') FROM customers"),
        new("a setting", LeakEnd.Fails, "SELECT name, current_setting(ssn) FROM customers"),
        new("a unique violation", LeakEnd.Fails, "INSERT INTO twins SELECT ssn FROM customers WHERE id = 1"),
        new("a not-null violation", LeakEnd.Fails,
            "INSERT INTO customers (id, ssn) SELECT NULL::int, 'x' || ssn FROM customers WHERE id = 1"),
        new("a sub-select of two rows", LeakEnd.Fails, "SELECT (SELECT name FROM customers), ssn FROM customers"),
        new("COPY that fails", LeakEnd.Fails, "COPY (SELECT name, ssn::int FROM customers) TO STDOUT"),
        new("a column's new type", LeakEnd.Fails, "ALTER TABLE twins ALTER COLUMN ssn TYPE int USING ssn::int"),
        new("an index of an expression", LeakEnd.Fails, "CREATE INDEX ON customers ((ssn::int))"),
    ];

    private static IEnumerable<LeakWay> Code() =>
    [
        new("a function in SQL", LeakEnd.Shows, "SELECT name, sql_ssn(id) FROM customers ORDER BY id"),
        new("a function in other code", LeakEnd.Shows, "SELECT name, code_ssn(id) FROM customers ORDER BY id"),
        new("a function that returns rows", LeakEnd.Hides, "SELECT * FROM code_rows()"),
        new("RAISE NOTICE", LeakEnd.Hides, "SELECT tell()"),
        new("RAISE EXCEPTION", LeakEnd.Fails, "SELECT fail()"),
        new("an exception's fields", LeakEnd.Fails, "SELECT fail_in_fields()"),
        new("an exception's number", LeakEnd.Fails, "SELECT fail_by_code()"),
        new("DO", LeakEnd.Hides, "DO $$ BEGIN RAISE NOTICE '%', (SELECT ssn FROM customers WHERE id = 1); END $$"),
        new("DO that fails", LeakEnd.Fails,
            "DO $$ BEGIN RAISE EXCEPTION '%', (SELECT ssn FROM customers WHERE id = 1); END $$"),
        new("a trigger at the end", LeakEnd.Fails, "INSERT INTO late_ones VALUES (1)"),
        new("a trigger at the client's end", LeakEnd.Fails,
            "BEGIN", "INSERT INTO late_ones VALUES (1)", "COMMIT"),
        new("a reported setting", LeakEnd.Hides,
            "SELECT set_name()", "SHOW application_name", "SELECT current_setting('application_name')"),
        new("a setting that code made, in the planner's hands", LeakEnd.Fails,
            "SELECT set_name()", "SELECT name FROM customers WHERE id = current_setting('application_name')::int"),
        new("a zone that code made up", LeakEnd.Hides, "SELECT set_zone()", "SHOW TimeZone"),
        new("a constant of the planner's", LeakEnd.Hides, "EXPLAIN VERBOSE SELECT code_ssn(1)"),
        new("LISTEN and pg_notify", LeakEnd.Hides, "LISTEN channel", "SELECT shout()", "SELECT 1"),
    ];

    private static IEnumerable<LeakWay> Catalogs() =>
    [
        new("statistics", LeakEnd.Hides,
            "SELECT attname, most_common_vals::text, histogram_bounds::text FROM pg_stats"),
        new("statistics of the catalog", LeakEnd.Hides, "SELECT stavalues1::text, stavalues2::text FROM pg_statistic"),
        new("EXPLAIN ANALYZE", LeakEnd.Hides,
            "EXPLAIN (ANALYZE, VERBOSE) SELECT name, ssn FROM customers WHERE ssn = (SELECT max(ssn) FROM customers)"),
        new("set_config", LeakEnd.Fails, "SELECT set_config('application_name', ssn, false) FROM customers"),
        new("a query in a value", LeakEnd.Fails, "SELECT query_to_xml('SELECT ssn FROM customers', true, true, '')"),
        new("a table in a value", LeakEnd.Fails, "SELECT table_to_xml('customers', true, true, '')"),
    ];
}
