using Countersign.Gates.Postgres.Analysis;
using Countersign.Gates.Postgres.Statements;
using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres.Analysis;

/// <summary>What an analysis may say from memory, and what it may not.</summary>
public sealed class KnownFactsTests(PostgresServer server) : IClassFixture<PostgresServer>, IAsyncLifetime
{
    private static readonly CatalogVersion s_before = new(1, 1);
    private static readonly CatalogVersion s_after = new(2, 2);
    private AnalysedDatabase _shop = null!;
    private Analyser _analyser = null!;

    public async ValueTask InitializeAsync()
    {
        _shop = await AnalysedDatabase.CreateAsync(server);
        _analyser = new Analyser(new AnalyserOptions(_shop.ConnectionString), TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        await _analyser.DisposeAsync();
        await _shop.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData("SELECT name, ssn FROM customers WHERE id = 1")]
    [InlineData("SELECT * FROM names")]
    [InlineData("SELECT c.name, sum(i.total) FROM customers c, orders o, invoices i GROUP BY 1 HAVING count(*) > 1")]
    [InlineData("TABLE orders")]
    [InlineData("UPDATE customers SET name = ssn")]
    [InlineData("DELETE FROM customers")]
    [InlineData("WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone")]
    public async Task Memory_and_server_say_the_same(string text)
    {
        var asked = await EffectsAsync(text, version: null);
        await EffectsAsync("SELECT * FROM customers, orders, invoices, names", s_before);

        foreach (var remembered in new[] { await EffectsAsync(text, s_before), await EffectsAsync(text, s_before) })
        {
            Assert.Equal(asked.Catalog, remembered.Catalog);
            Assert.Equal(asked.Verbs, remembered.Verbs);
            Assert.Equal(asked.Reads, remembered.Reads);
            Assert.Equal(asked.Writes, remembered.Writes);
            Assert.Equal(asked.Columns, remembered.Columns);
            Assert.Equal(asked.Functions, remembered.Functions);
            Assert.Equal(asked.Rights, remembered.Rights);
            Assert.Equal(
                asked.Output.Select(column => (column.Name, string.Join(' ', column.Sources))),
                remembered.Output.Select(column => (column.Name, string.Join(' ', column.Sources))));
        }
    }

    [Fact]
    public async Task A_read_of_the_same_catalog_asks_for_nothing_twice()
    {
        var before = await EffectsAsync("SELECT id FROM customers", s_before);
        await _shop.RunAsync("ALTER TABLE customers SET (fillfactor = 50)");

        var remembered = await EffectsAsync("SELECT id FROM customers", s_before);
        var asked = await EffectsAsync("SELECT id FROM customers", s_after);

        Assert.Equal(before.Catalog, remembered.Catalog);
        Assert.NotEqual(before.Catalog, asked.Catalog);
    }

    [Theory]
    [InlineData("DELETE FROM customers WHERE id = 1")]
    [InlineData("SELECT id FROM customers FOR UPDATE")]
    public async Task What_changes_something_is_never_said_from_memory(string text)
    {
        await EffectsAsync("SELECT id FROM customers", s_before);
        await _shop.RunAsync("ALTER TABLE customers SET (fillfactor = 50)");

        var remembered = await EffectsAsync(text, s_before);

        Assert.Equal((await EffectsAsync(text, version: null)).Catalog, remembered.Catalog);
    }

    [Fact]
    public async Task Definitions_that_changed_through_the_gate_are_forgotten()
    {
        var before = await EffectsAsync("SELECT id FROM customers", s_before);
        await _shop.RunAsync("ALTER TABLE customers SET (fillfactor = 50)");
        _analyser.CatalogChanged();

        var asked = await EffectsAsync("SELECT id FROM customers", s_before);

        Assert.NotEqual(before.Catalog, asked.Catalog);
    }

    private async Task<Effects> EffectsAsync(string text, CatalogVersion? version) =>
        Assert.IsType<Analysed.Understood>(await _analyser.AnalyseAsync(
            text, [], Meaning.Usual, version, TestContext.Current.CancellationToken)).Effects;
}
