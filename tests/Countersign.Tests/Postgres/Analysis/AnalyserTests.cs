using Countersign.Gates.Postgres.Analysis;
using Countersign.Gates.Postgres.Statements;

namespace Countersign.Tests.Postgres.Analysis;

/// <summary>Plain statements on plain relations, and what cannot be analysed.</summary>
public sealed class AnalyserTests(SharedShop shared) : IClassFixture<SharedShop>
{
    private const uint Int4 = 23;

    [Fact]
    public async Task A_query_reads_what_it_names_and_changes_nothing()
    {
        var shop = shared.Shop;

        var effects = await shop.EffectsAsync(
            "SELECT lower(c.name), o.note FROM customers c JOIN orders o ON o.customer = c.id WHERE c.id = $1", Int4);

        Assert.True(effects.IsReadOnly);
        Assert.Equal(["SELECT"], effects.Verbs);
        Assert.Equal(["public.customers", "public.orders"], effects.Reads);
        Assert.Equal(
            ["public.customers.id", "public.customers.name", "public.orders.customer", "public.orders.note"],
            effects.Columns);
        Assert.Equal(["lower"], effects.Functions);
        Assert.Equal([RelationRights.Select, RelationRights.Select], effects.Rights.Select(use => use.Rights));
    }

    [Theory]
    [InlineData("INSERT INTO orders VALUES (9, 1, 'n')", "INSERT", "public.orders")]
    [InlineData("UPDATE orders SET note = 'n' WHERE id = 1", "UPDATE", "public.orders")]
    [InlineData("DELETE FROM orders WHERE id = 1", "DELETE", "public.orders")]
    [InlineData("DELETE FROM customers WHERE id = 1", "DELETE", "public.customers,public.orders")]
    [InlineData("INSERT INTO orders VALUES (1, 1, 'n') ON CONFLICT (id) DO UPDATE SET note = 'm'", "INSERT,UPDATE",
        "public.orders")]
    [InlineData("WITH d AS (DELETE FROM orders WHERE id = 1 RETURNING *) SELECT * FROM d", "DELETE,SELECT",
        "public.orders")]
    [InlineData("MERGE INTO orders o USING customers c ON o.customer = c.id WHEN MATCHED THEN DELETE", "DELETE,MERGE",
        "public.orders")]
    public async Task A_change_says_its_verbs_and_what_it_writes(string text, string verbs, string writes)
    {
        var shop = shared.Shop;

        var effects = await shop.EffectsAsync(text);

        Assert.False(effects.IsReadOnly);
        Assert.Equal(verbs.Split(','), effects.Verbs);
        Assert.Equal(writes.Split(','), effects.Writes);
    }

    [Theory]
    [InlineData("DELETE FROM orders", true)]
    [InlineData("DELETE FROM orders WHERE true", true)]
    [InlineData("DELETE FROM orders WHERE 1 = 1", true)]
    [InlineData("UPDATE orders SET note = ''", true)]
    [InlineData("WITH d AS (DELETE FROM orders RETURNING 1) SELECT 1", true)]
    [InlineData("DELETE FROM orders WHERE id = 1", false)]
    [InlineData("SELECT 1", false)]
    public async Task A_change_without_a_condition_is_told(string text, bool expected)
    {
        var shop = shared.Shop;

        Assert.Equal(expected, (await shop.EffectsAsync(text)).NoWhere);
    }

    [Fact]
    public async Task Rights_are_exactly_what_the_server_would_check()
    {
        var shop = shared.Shop;

        var effects = await shop.EffectsAsync(
            "UPDATE customers SET name = o.note FROM orders o WHERE o.customer = customers.id");

        Assert.Equal(
            [
                ("public.customers", RelationRights.Select | RelationRights.Update),
                ("public.orders", RelationRights.Select),
            ],
            effects.Rights.Select(use => (use.Name.Text, use.Rights)));
    }

    [Fact]
    public async Task The_servers_own_error_comes_back_with_the_place_in_the_statement()
    {
        var shop = shared.Shop;

        var invalid = Assert.IsType<Analysed.Invalid>(await shop.AnalyseAsync("SELECT * FROM nowhere"));

        Assert.Equal("42P01", invalid.Error.SqlState);
        Assert.Equal("relation \"nowhere\" does not exist", invalid.Error.Message);
        Assert.Equal("SELECT * FROM ".Length + 1, invalid.Error.Position);
    }

    [Fact]
    public async Task Parameters_that_nobody_typed_get_the_servers_types()
    {
        var shop = shared.Shop;

        Assert.True((await shop.EffectsAsync("SELECT name FROM customers WHERE id = $1")).IsReadOnly);
        Assert.True(
            (await shop.EffectsAsync("SELECT name FROM customers WHERE id = $1 AND ssn = $2", 0, 25)).IsReadOnly);
        Assert.IsType<Analysed.Invalid>(await shop.AnalyseAsync("SELECT $1 + now()", null, 16));
    }

    [Theory]
    [InlineData(102, true)]
    [InlineData(102, false)]
    [InlineData(5_000, true)]
    [InlineData(5_000, false)]
    public async Task More_parameters_than_a_function_takes_are_looked_at_by_their_types(int count, bool isTyped)
    {
        var values = string.Join(", ", Enumerable.Range(1, count).Select(n => n % 2 == 1 ? $"(${n}" : $"${n})"));
        var text = $"INSERT INTO customers (id, name) VALUES {values}";
        uint[] types = isTyped ? [.. Enumerable.Range(1, count).Select(n => n % 2 == 1 ? 23u : 25u)] : [];

        var effects = await shared.Shop.EffectsAsync(text, types);

        Assert.Equal(
            [("public.customers", RelationRights.Insert)],
            effects.Rights.Select(use => (use.Name.Text, use.Rights)));
        Assert.Null(effects.Opaque);
    }

    [Fact]
    public async Task Errors_stand_at_their_place_behind_many_parameters()
    {
        var parameters = string.Join(", ", Enumerable.Range(1, 150).Select(n => $"${n}::int"));
        var many = $"SELECT '$101', $$ $101 $$, {parameters}";

        var invalid = Assert.IsType<Analysed.Invalid>(await shared.Shop.AnalyseAsync($"{many}, nowhere"));

        Assert.Equal("42703", invalid.Error.SqlState);
        Assert.Equal(many.Length + 3, invalid.Error.Position);
    }

    [Fact]
    public async Task Parameters_of_more_types_than_a_function_takes_are_not_understood()
    {
        var types = await shared.Shop.ScalarAsync<uint[]>($"""
            SELECT array_agg(oid) FROM (
                SELECT oid FROM pg_type WHERE typtype IN ('b', 'r', 'c') ORDER BY oid
                LIMIT {Analyser.MostParameters + 1}) AS many
            """);

        var opaque = Assert.IsType<Analysed.Opaque>(await shared.Shop.AnalyseAsync("SELECT 1", null, types!));

        Assert.Contains("101 types", opaque.Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SELECT 1; END; DROP TABLE orders; BEGIN ATOMIC SELECT 1")]
    [InlineData("SELECT 1; END; DROP TABLE orders; --")]
    [InlineData("SELECT 1; DELETE FROM orders")]
    [InlineData("SELECT 1 END; DROP TABLE orders; SELECT 1")]
    [Trait("Threat", "THR-033"), Trait("CWE", "863")]
    public async Task Text_that_is_more_than_one_statement_is_not_understood(string text)
    {
        var shop = shared.Shop;

        Assert.IsNotType<Analysed.Understood>(await shop.AnalyseAsync(text));

        Assert.Equal(3L, await shop.ScalarAsync<long>("SELECT count(*) FROM orders"));
    }

    [Theory]
    [InlineData("SELECT CASE WHEN id = 1 THEN 'a' ELSE 'b' END FROM orders")]
    [InlineData("SELECT 1 AS \"end\", 'x;y', $$a;b$$, E'it\\'s;' /* ; */ -- ;")]
    [InlineData("SELECT 1 AS \"begin\", 2 AS atomic, 3 AS begin_atomic")]
    [InlineData("SELECT '{\"a\": 1}'::jsonb @> '{}' AND '{}'::jsonb ? 'x', 'a:b'::text, (ARRAY[1,2])[1:2], @ -1")]
    [InlineData("SELECT 1 AS \":resno 7\", 2 AS \"}\", 3 AS \"<>\", 4 AS \"\"\"\", 5 AS \"[ 1 ]\", 6 AS \"a b\\\"")]
    public async Task Unusual_texts_are_read_as_the_server_reads_them(string text)
    {
        var shop = shared.Shop;

        Assert.True((await shop.EffectsAsync(text)).IsReadOnly);
    }

    [Fact]
    public async Task Names_of_columns_are_never_taken_for_syntax_of_a_tree()
    {
        var shop = shared.Shop;

        var effects = await shop.EffectsAsync(
            "SELECT 1 AS \":resno 7\", 2 AS \"}\", 3 AS \"<>\", 4 AS \"\"\"\", 5 AS \"[ 1 ]\", 6 AS \"a b\\\"");

        Assert.Equal([":resno 7", "}", "<>", "\"", "[ 1 ]", "a b\\"], effects.Output.Select(column => column.Name));
    }

    [Fact]
    public async Task A_resolver_that_is_down_makes_it_opaque_for_now()
    {
        await using var analyser = new Analyser(
            new AnalyserOptions("Host=127.0.0.1;Port=1;Username=x;Database=x"), TimeProvider.System);

        var opaque = Assert.IsType<Analysed.Opaque>(await analyser.AnalyseAsync(
            "SELECT 1", [], Meaning.Usual, version: null, TestContext.Current.CancellationToken));

        Assert.True(opaque.IsTransient);
    }

    [Fact]
    public async Task A_server_that_takes_no_writes_makes_it_opaque()
    {
        var shop = shared.Shop;
        await using var analyser = new Analyser(new AnalyserOptions(
            shop.ConnectionString + ";Options=-c default_transaction_read_only=on"), TimeProvider.System);

        var opaque = Assert.IsType<Analysed.Opaque>(await analyser.AnalyseAsync(
            "SELECT 1", [], Meaning.Usual, version: null, TestContext.Current.CancellationToken));

        Assert.Contains("resolver", opaque.Why, StringComparison.Ordinal);
    }
}
