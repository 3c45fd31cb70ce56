using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres.Analysis;

/// <summary>Where the columns of a result come from: what masking stands on.</summary>
public sealed class ProvenanceTests(SharedShop shared, PostgresServer server) : IClassFixture<SharedShop>
{
    private const string Ssn = "public.customers.ssn";

    [Theory]
    [InlineData("SELECT ssn FROM customers")]
    [InlineData("SELECT x.y FROM (SELECT ssn AS y FROM customers) x")]
    [InlineData("WITH c(z) AS (SELECT ssn FROM customers) SELECT z FROM c")]
    [InlineData("SELECT c.ssn FROM customers c JOIN orders o ON o.customer = c.id")]
    [InlineData("SELECT ssn::varchar FROM customers")]
    [InlineData("UPDATE customers SET name = 'x' RETURNING ssn")]
    [InlineData("WITH u AS (DELETE FROM customers RETURNING *) SELECT ssn FROM u")]
    public async Task A_stored_column_as_it_is_is_plain(string text)
    {
        var shop = shared.Shop;

        var column = Assert.Single((await shop.EffectsAsync(text)).Output);

        Assert.True(column.IsPlain);
        Assert.Equal([Ssn], column.Sources.Select(source => $"{source.Name}.{source.Column}"));
    }

    [Theory]
    [InlineData("SELECT reverse(ssn) FROM customers")]
    [InlineData("SELECT customers FROM customers")]
    [InlineData("SELECT (customers).ssn FROM customers")]
    [InlineData("SELECT ssn(customers) FROM customers")]
    [InlineData("SELECT row_to_json(c) FROM customers c")]
    [InlineData("SELECT c::text FROM customers c")]
    [InlineData("SELECT array_agg(ssn) FROM customers")]
    [InlineData("SELECT string_agg(ssn, ',' ORDER BY id) FROM customers")]
    [InlineData("SELECT max(name) FILTER (WHERE ssn > '5') FROM customers")]
    [InlineData("SELECT CASE WHEN ssn LIKE '5%' THEN 1 END FROM customers")]
    [InlineData("SELECT (SELECT ssn FROM customers LIMIT 1)")]
    [InlineData("SELECT (SELECT x.n FROM (SELECT c.name AS n) x WHERE c.ssn > '') FROM customers c")]
    [InlineData("SELECT EXISTS (SELECT 1 FROM customers WHERE ssn = '5')")]
    [InlineData("SELECT note FROM orders UNION SELECT ssn FROM customers")]
    [InlineData("SELECT ROW(1, ssn) FROM customers")]
    [InlineData("SELECT rank() OVER (ORDER BY ssn) FROM customers")]
    [InlineData("SELECT j.value FROM customers c, jsonb_each_text(to_jsonb(c)) j")]
    [InlineData("SELECT v.x FROM customers c, LATERAL (VALUES (c.ssn)) v(x)")]
    [InlineData("SELECT u FROM customers c, unnest(ARRAY[c.ssn]) u")]
    [InlineData("WITH RECURSIVE r(s) AS (SELECT ssn FROM customers UNION ALL SELECT s || 'x' FROM r) SELECT s FROM r")]
    [InlineData("SELECT coalesce(a.ssn, b.note) FROM customers a FULL JOIN orders b ON a.id = b.id")]
    [InlineData("SELECT ssn FROM customers JOIN (SELECT note AS ssn FROM orders) o USING (ssn)")]
    [InlineData("SELECT ssn FROM customers FULL JOIN (SELECT note AS ssn FROM orders) o USING (ssn)")]
    [InlineData("INSERT INTO customers VALUES (3) RETURNING ssn || ''")]
    [InlineData("SELECT number FROM names")]
    [InlineData("SELECT names FROM names")]
    [InlineData("SELECT md5(number) FROM (SELECT * FROM names) n")]
    [InlineData("SELECT xmlforest(ssn AS a) FROM customers")]
    [InlineData("SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY ssn) FROM customers")]
    [InlineData("SELECT grouping(ssn), ssn FROM customers GROUP BY ROLLUP (ssn)")]
    [InlineData("SELECT first_value(name) OVER w FROM customers WINDOW w AS (PARTITION BY ssn)")]
    public async Task A_column_that_contributes_is_a_source(string text)
    {
        var shop = shared.Shop;

        var effects = await shop.EffectsAsync(text);

        var sources = effects.Output.SelectMany(column => column.Sources);
        Assert.Contains(Ssn, sources.Select(source => $"{source.Name}.{source.Column}"));
        Assert.Contains(Ssn, effects.Columns);
    }

    [Theory]
    [InlineData("SELECT name FROM customers WHERE ssn > '5'")]
    [InlineData("SELECT name FROM customers ORDER BY ssn")]
    [InlineData("SELECT name FROM names")]
    [InlineData("SELECT 1")]
    public async Task A_column_that_does_not_contribute_is_none(string text)
    {
        var shop = shared.Shop;

        var column = Assert.Single((await shop.EffectsAsync(text)).Output);

        Assert.DoesNotContain(Ssn, column.Sources.Select(source => $"{source.Name}.{source.Column}"));
    }

    [Fact]
    public async Task A_view_and_what_is_behind_it_are_both_told()
    {
        var shop = shared.Shop;

        var effects = await shop.EffectsAsync("SELECT number, name FROM names");

        Assert.Equal(
            ["public.customers.ssn", "public.names.number"],
            effects.Output[0].Sources.Select(source => $"{source.Name}.{source.Column}").Order(StringComparer.Ordinal));
        Assert.True(effects.Output[0].IsPlain);
        Assert.False(effects.Output[1].IsPlain);
        Assert.Equal(["public.customers", "public.names"], effects.Reads);
        Assert.Equal(["public.names"], effects.Rights.Select(use => use.Name.Text));
    }

    [Fact]
    public async Task A_function_in_SQL_hands_out_what_it_reads()
    {
        await using var shop = await AnalysedDatabase.CreateAsync(server);
        await shop.RunWholeAsync(
            "CREATE FUNCTION numbers() RETURNS SETOF text LANGUAGE sql BEGIN ATOMIC SELECT ssn FROM customers; END");
        await shop.RunAsync(
            "CREATE FUNCTION texts() RETURNS SETOF text LANGUAGE sql AS 'SELECT ssn FROM customers'");

        foreach (var text in new[] { "SELECT numbers()", "SELECT n FROM numbers() n", "SELECT n FROM texts() n" })
        {
            var effects = await shop.EffectsAsync(text);
            Assert.True(effects.IsReadOnly, effects.Impure);
            Assert.Contains("public.customers", effects.Reads);
            Assert.Contains("ssn", effects.Output.SelectMany(column => column.Sources).Select(source => source.Column));
        }
    }
}
