using System.Globalization;

namespace Countersign.Tests.Postgres.Analysis;

/// <summary>
/// Statements over customers, orders, people and views of them, with expressions, conditions, queries within queries
/// and changes, from a seed. All of them are well typed; some fail when they run.
/// </summary>
internal sealed class RandomQueries(int seed)
{
    public const string Schema = """
        CREATE TABLE customers (id int PRIMARY KEY, name text, ssn text, pin int);
        CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers ON DELETE CASCADE, note text);
        CREATE TABLE people (id int PRIMARY KEY, ssn text UNIQUE, name text CHECK (name <> ssn),
            last4 text GENERATED ALWAYS AS (right(ssn, 4)) STORED);
        CREATE VIEW names AS SELECT id, ssn AS number, upper(name) AS label FROM customers;
        CREATE VIEW late AS SELECT id, name FROM customers WHERE ssn > 'm';
        CREATE MATERIALIZED VIEW kept AS SELECT id, ssn AS number FROM customers WITH NO DATA;
        CREATE TABLE parts (id int, secret text) PARTITION BY LIST (secret);
        CREATE TABLE parts_k PARTITION OF parts FOR VALUES IN ('k');
        CREATE TABLE parts_rest PARTITION OF parts DEFAULT;
        CREATE TABLE fired (id int, note text);
        CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN NEW.note := (SELECT max(ssn) FROM customers); RETURN NEW; END';
        CREATE TRIGGER fill BEFORE INSERT ON fired FOR EACH ROW EXECUTE FUNCTION fill();
        CREATE FUNCTION number_of(int) RETURNS text STABLE LANGUAGE sql AS 'SELECT ssn FROM customers WHERE id = $1';
        CREATE FUNCTION code(text) RETURNS text STABLE LANGUAGE plpgsql AS
            'BEGIN RETURN $1 || (SELECT max(ssn) FROM customers); END';
        """;

    private static readonly Source[] s_stored =
    [
        new("customers", ["name", "ssn"], ["id", "pin"]),
        new("customers", ["name", "ssn"], ["id", "pin"]),
        new("orders", ["note"], ["id", "customer"]),
        new("people", ["ssn", "name", "last4"], ["id"]),
        new("names", ["number", "label"], ["id"]),
        new("late", ["name"], ["id"]),
        new("kept", ["number"], ["id"]),
        new("parts", ["secret", "tableoid::regclass::text"], ["id"]),
        new("parts_rest", ["secret"], ["id"]),
        new("(SELECT id, ssn, p.name AS other FROM customers c FULL JOIN people p USING (id, ssn))",
            ["ssn", "other"], ["id"]),
        new("(SELECT c.id, l.z, g FROM customers c, LATERAL (VALUES (c.ssn), (c.name)) l (z), "
            + "generate_series(1, length(c.name)) g)", ["z"], ["id", "g"]),
        new("(SELECT s.id, u FROM customers s, unnest(string_to_array(s.ssn, '1')) u)", ["u"], ["id"]),
    ];

    private readonly Random _random = new(seed);
    private int _names;

    // Conditions and aggregates take no window functions.
    private int _withoutWindows;

    public string Next() => _random.Next(12) switch
    {
        0 => Change(),
        1 => $"WITH q AS ({Query(2, 1, 1)}) SELECT t1, i1 FROM q WHERE {Pick("true", "i1 > 1", "t1 > 'm'")}",
        2 => Recursive(),
        3 => Shaped(),
        4 => $"{Query(1, 1, 1)} {Pick("UNION ALL", "UNION", "INTERSECT", "EXCEPT", "EXCEPT ALL")} {Query(1, 1, 1)}",
        _ => Query(3, _random.Next(1, 3), _random.Next(2)),
    };

    /// <summary>Forms that stand for themselves.</summary>
    private string Shaped()
    {
        var source = Stored();
        return _random.Next(7) switch
        {
            0 => $"SELECT DISTINCT ON ({Any(source)}) {Text(source, 1)} FROM {source.From}",
            1 => $"SELECT {source.Column(source.Texts[0])}, count(*) FROM {source.From} GROUP BY GROUPING SETS "
                + $"(({source.Column(source.Texts[0])}), ({source.Column(source.Numbers[0])}))",
            2 => $"SELECT {Number(source, 1)} FROM {source.From} LIMIT (SELECT length({Text(source, 1)}) % 3 "
                + $"FROM {source.From} LIMIT 1)",
            3 => $"SELECT {Text(source, 1)}, g FROM {source.From}, "
                + $"generate_series(1, {Pick("2", Number(source, 1))} % 5) g",
            4 => $"SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY {Any(source)})::text FROM {source.From}",
            5 => $"WITH q AS MATERIALIZED (SELECT {Text(source, 2)} AS x, {Number(source, 1)} AS y "
                + $"FROM {source.From}) SELECT "
                + Pick("x", "y", "q", "x || y", "CASE WHEN x > 'm' THEN y END", "count(*) OVER (ORDER BY y)")
                + " FROM q",
            _ => $"SELECT (SELECT {Pick("max(s.t1)", "string_agg(s.t1, ',')", "count(s.t1)")} "
                + $"FROM ({Query(1, 1, 0)} UNION ALL {Query(1, 1, 0)}) s)",
        };
    }

    private string Recursive()
    {
        var source = Stored();
        return $"WITH RECURSIVE r(a, b, n) AS (SELECT {Text(source, 1)}, {Text(source, 1)}, 1 FROM {source.From} "
            + $"UNION ALL SELECT {Pick("b, a", "a, a", "b, b || 'x'")}, n + 1 FROM r WHERE n < 3) "
            + $"SELECT {Pick("a", "b", "a, b", "n", "b, n")} FROM r";
    }

    private string Change() => WithoutWindows(Changed);

    private string Changed()
    {
        var target = new Source("customers", ["name", "ssn"], ["id", "pin"]) { Alias = "customers" };
        var people = new Source("people", ["name", "ssn", "last4"], ["id"]) { Alias = "people" };
        return _random.Next(16) switch
        {
            8 => $"INSERT INTO fired (id) VALUES (1) RETURNING {Pick("note", "id", "fired")}",
            9 => $"INSERT INTO names (id, number) VALUES (50, {Pick("'x'", "(SELECT max(note) FROM orders)")}) "
                + "RETURNING number, label, id",
            10 => $"UPDATE names SET number = {Pick("label", "'x'", "number")} "
                + $"RETURNING {Pick("number", "label", "id")}",
            11 => "INSERT INTO customers SELECT id, ssn, 'k', 1 FROM people ON CONFLICT (id) DO UPDATE SET "
                + $"name = {Pick("excluded.name", "'x'", "customers.ssn")} RETURNING {Pick("name", "id", "pin")}",
            12 => $"MERGE INTO orders o USING customers ON o.id = customers.id WHEN MATCHED THEN UPDATE SET "
                + $"note = {Text(target, 1)} WHEN NOT MATCHED AND {Condition(target, 1)} "
                + "THEN INSERT VALUES (80, 1, 'y')",
            13 => $"UPDATE parts SET id = 4 WHERE {Pick("secret > 'k'", "id = 1", "tableoid = 'parts_k'::regclass")}",
            14 => $"DELETE FROM people WHERE {Condition(people, 1)} RETURNING {Any(people)}",
            15 => $"UPDATE customers SET name = n.label FROM names n WHERE n.id = customers.id "
                + $"RETURNING {Pick("customers.name", "n.number", "n.id", "customers.*")}",
            0 => $"UPDATE customers SET name = {Text(target, 1)} WHERE {Condition(target, 1)} "
                + $"RETURNING {Any(target)}",
            1 => $"DELETE FROM orders o USING {Join(out var all)} WHERE {Condition(all, 1)} AND o.id > 1 "
                + "RETURNING o.id",
            2 => $"INSERT INTO orders SELECT 70 + row_number() OVER (), 1, {Text(target, 1)} FROM customers "
                + "RETURNING note, id",
            3 => $"INSERT INTO people (id, ssn, name) VALUES (9, {Pick("'zz'", "'mq81wXkv'")}, 'x') RETURNING id",
            4 => $"UPDATE people SET name = {Pick("'mq81wXkv'", "'y'", "name")} WHERE {Condition(people, 1)}",
            5 => "INSERT INTO people (id, ssn) VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET "
                + $"name = {Text(people, 1)} RETURNING name",
            6 => $"MERGE INTO orders o USING customers ON o.customer = customers.id AND {Condition(target, 1)} "
                + "WHEN MATCHED THEN DELETE",
            _ => $"WITH d AS (UPDATE customers SET pin = {Number(target, 1)} RETURNING id, ssn, pin) "
                + $"SELECT {Pick("ssn", "pin", "id", "id + pin")} FROM d",
        };
    }

    /// <summary>A query whose columns are t1, t2 … (text) and then i1, i2 … (numbers).</summary>
    private string Query(int depth, int texts, int numbers)
    {
        var from = depth > 0 && _random.Next(3) == 0 ? Join(out var source) : One(depth, out source).From;
        var where = _random.Next(4) == 0 ? $" WHERE {Condition(source, depth)}" : "";
        if (_random.Next(6) == 0)
        {
            return Grouped(source, from, where, depth, (texts, numbers));
        }

        var columns = Enumerable.Range(1, texts).Select(n => $"{Text(source, depth)} AS t{n}")
            .Concat(Enumerable.Range(1, numbers).Select(n => $"{Number(source, depth)} AS i{n}"));
        var order = _random.Next(6) == 0 ? $" ORDER BY {Any(source)}" : "";
        var limit = _random.Next(8) == 0 ? $" LIMIT {Pick("1", "2", "length('ab')")}" : "";
        var distinct = order.Length == 0 && _random.Next(10) == 0 ? "DISTINCT " : "";
        var query = $"SELECT {distinct}{string.Join(", ", columns)} FROM {from}{where}{order}{limit}";
        return $"({query})";
    }

    private string Grouped(Source source, string from, string where, int depth, (int Texts, int Numbers) wanted)
    {
        var columns = Enumerable.Range(1, wanted.Texts).Select(n => $"{Aggregate(source, depth)} AS t{n}")
            .Concat(Enumerable.Range(1, wanted.Numbers).Select(n => Pick(
                $"count(*)::int AS i{n}",
                $"max({Number(source, 0)}) AS i{n}",
                $"count(DISTINCT {Any(source)})::int AS i{n}")));
        var group = _random.Next(2) == 0 ? $" GROUP BY {Any(source)}" : "";
        var having = group.Length > 0 && _random.Next(4) == 0 ? $" HAVING {Aggregate(source, 0)} > 'm'" : "";
        return $"(SELECT {string.Join(", ", columns)} FROM {from}{where}{group}{having})";
    }

    private string Aggregate(Source source, int depth) => WithoutWindows(() => Pick(
        $"max({Text(source, depth - 1)})",
        $"string_agg({Text(source, depth - 1)}, ',')",
        $"string_agg({Text(source, 0)}, ',' ORDER BY {Any(source)})",
        $"(array_agg({Text(source, 0)}))[1]",
        $"json_agg({Text(source, 0)})::text",
        $"min({Text(source, 0)}) FILTER (WHERE {Condition(source, 0)})"));

    private string WithoutWindows(Func<string> make)
    {
        _withoutWindows++;
        var made = make();
        _withoutWindows--;
        return made;
    }

    private Source Stored()
    {
        var stored = s_stored[_random.Next(s_stored.Length)];
        return stored with { Alias = Name("a") };
    }

    private Source One(int depth, out Source source)
    {
        if (depth > 1 && _random.Next(4) == 0)
        {
            var texts = _random.Next(1, 3);
            var query = Query(depth - 1, texts, 1);
            source = new Source(query, [.. Enumerable.Range(1, texts).Select(n => $"t{n}")], ["i1"])
            {
                Alias = Name("a"),
            };
            return source;
        }

        return source = Stored();
    }

    private string Join(out Source source)
    {
        var (left, right) = (Stored(), Stored());
        source = new Source("", [.. left.Qualified(left.Texts), .. right.Qualified(right.Texts)],
            [.. left.Qualified(left.Numbers), .. right.Qualified(right.Numbers)]);
        return $"{left.From} {Pick("JOIN", "LEFT JOIN")} {right.From} ON "
            + Pick(
                $"{left.Column(left.Numbers[0])} = {right.Column(right.Numbers[0])}",
                $"{left.Column(left.Texts[0])} < {right.Column(right.Texts[0])}");
    }

    private string Any(Source source) => _random.Next(2) == 0 ? Text(source, 0) : Number(source, 0);

    private string Text(Source source, int depth) => depth <= 0 || _random.Next(4) == 0
        ? source.Column(source.Texts[_random.Next(source.Texts.Length)])
        : _random.Next(40) switch
        {
            0 => $"upper({Text(source, depth - 1)})",
            1 => $"reverse({Text(source, depth - 1)})",
            2 => $"{Text(source, depth - 1)} || {Text(source, depth - 1)}",
            3 => $"coalesce({Text(source, depth - 1)}, {Text(source, depth - 1)})",
            4 => $"CASE WHEN {Condition(source, depth - 1)} THEN {Text(source, depth - 1)} "
                + $"ELSE {Text(source, depth - 1)} END",
            5 => $"substr({Text(source, depth - 1)}, 1, {Pick("5", Number(source, 0))})",
            6 => $"md5({Text(source, depth - 1)})",
            7 => $"encode(convert_to({Text(source, depth - 1)}, 'UTF8'), {Pick("'hex'", "'base64'")})",
            8 => $"({Number(source, depth - 1)})::text",
            9 => $"to_json({Text(source, depth - 1)})::text",
            10 => $"(SELECT s.t1 FROM {Query(depth - 1, 1, 0)} s LIMIT 1)",
            11 => $"concat({Text(source, depth - 1)}, {Number(source, depth - 1)})",
            12 => $"nullif({Text(source, depth - 1)}, {Text(source, depth - 1)})",
            13 => $"greatest({Text(source, depth - 1)}, {Text(source, depth - 1)})",
            14 => $"split_part({Text(source, depth - 1)}, '8', 1)",
            15 => $"(ARRAY[{Text(source, depth - 1)}, 'x'])[{Pick("1", "2")}]",
            16 => $"ROW({Text(source, depth - 1)}, {Number(source, depth - 1)})::text",
            17 => $"number_of({Pick("1", Number(source, 0))})",
            18 when _withoutWindows == 0 => $"first_value({Text(source, depth - 1)}) OVER ({Window(source)})",
            19 => $"replace({Text(source, depth - 1)}, 'k', 'Q')",
            20 => $"left({Text(source, depth - 1)}, {Number(source, depth - 1)})",
            21 => $"code({Text(source, depth - 1)})",
            22 => $"lower({Text(source, depth - 1)})::varchar(6)::text",
            23 => $"jsonb_build_object('k', {Text(source, depth - 1)})::text",
            25 => $"({Text(source, depth - 1)} LIKE '%q%')::text",
            26 => $"array_to_string(string_to_array({Text(source, depth - 1)}, '8'), '-')",
            27 => $"(SELECT string_agg(u, '+') FROM unnest(string_to_array({Text(source, depth - 1)}, '1')) u)",
            28 when _withoutWindows == 0 => $"max({Text(source, depth - 1)}) OVER ({Window(source)})",
            29 when _withoutWindows == 0 => $"lag({Text(source, depth - 1)}) OVER (ORDER BY {Number(source, 0)})",
            30 => $"lpad({Text(source, depth - 1)}, 12, 'k')",
            31 => $"translate({Text(source, depth - 1)}, 'k', 'K')",
            32 => $"(json_build_object('a', {Text(source, depth - 1)}) ->> 'a')",
            33 => $"format('%s', {Text(source, depth - 1)})",
            34 => $"(SELECT v.c FROM (VALUES ({Text(source, depth - 1)}), ('z')) v (c) LIMIT 1)",
            35 => $"({Text(source, depth - 1)} COLLATE \"C\")",
            36 => $"(SELECT max(s.t1) FROM ({Query(depth - 1, 1, 0)} UNION ALL {Query(depth - 1, 1, 0)}) s)",
            37 => $"({Text(source, depth - 1)} = {Text(source, depth - 1)})::text",
            38 => $"(ARRAY(SELECT {Text(source, depth - 1)}))[1]",
            24 when source.Alias.Length > 0 && !source.From.StartsWith('(') => $"{source.Alias}::text",
            _ => "'lit'::text",
        };

    private string Number(Source source, int depth) => depth <= 0 || _random.Next(3) == 0
        ? source.Column(source.Numbers[_random.Next(source.Numbers.Length)])
        : _random.Next(12) switch
        {
            0 => $"length({Text(source, depth - 1)})",
            1 => $"({Number(source, depth - 1)} + 1)",
            2 => $"(10 / {Number(source, depth - 1)})",
            3 => $"strpos({Text(source, depth - 1)}, 'k')",
            4 => $"ascii({Text(source, depth - 1)})",
            5 => $"CASE WHEN {Condition(source, depth - 1)} THEN {Number(source, depth - 1)} ELSE 3 END",
            6 => $"(SELECT count(*)::int FROM {Query(depth - 1, 1, 0)} s)",
            7 when _withoutWindows == 0 => $"row_number() OVER ({Window(source)})::int",
            8 => $"coalesce({Number(source, depth - 1)}, 7)",
            9 => $"({Condition(source, depth - 1)})::int",
            10 => $"('1' || {Number(source, 0)})::int",
            _ => _random.Next(1, 9).ToString(CultureInfo.InvariantCulture),
        };

    private string Window(Source source) => Pick("", $"ORDER BY {Any(source)}", $"PARTITION BY {Any(source)}", "");

    private string Condition(Source source, int depth) => WithoutWindows(() => _random.Next(10) switch
    {
        0 => $"{Text(source, 0)} = {Pick("'mq81wXkv'", "'bob'", Text(source, 0))}",
        1 => $"{Text(source, depth - 1)} > 'm'",
        2 => $"{Text(source, 0)} LIKE '%q8%'",
        3 => $"{Number(source, depth - 1)} < {Number(source, 0)}",
        4 => $"{Text(source, 0)} IS NOT NULL",
        5 when depth > 0 => $"EXISTS (SELECT FROM {Query(depth - 1, 1, 1)} s WHERE s.t1 <> {Text(source, 0)})",
        6 when depth > 0 => $"{Number(source, 0)} IN (SELECT s.i1 FROM {Query(depth - 1, 1, 1)} s)",
        7 => $"NOT {Text(source, 0)} = 'x'",
        _ => $"{Number(source, 0)} >= {Pick("0", "2", "1")}",
    });

    private string Name(string prefix) => string.Create(CultureInfo.InvariantCulture, $"{prefix}{++_names}");

    private string Pick(params string[] choices) => choices[_random.Next(choices.Length)];

    private sealed record Source(string What, string[] Texts, string[] Numbers)
    {
        public string Alias { get; init; } = "";

        public string From => What == Alias ? What : $"{What} {Alias}";

        public string Column(string name) => Alias.Length == 0 ? name : $"{Alias}.{name}";

        public IEnumerable<string> Qualified(IEnumerable<string> names) => names.Select(Column);
    }
}
