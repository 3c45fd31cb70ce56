using Countersign.Gates.Postgres.Analysis;
using Countersign.Tests.Postgres.Support;
using Countersign.Tests.Support;

namespace Countersign.Tests.Postgres.Analysis;

/// <summary>Whether the catalog is still the one that was analysed.</summary>
public sealed class CatalogWatchTests(PostgresServer server)
{
    private static readonly TimeSpan s_age = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'")]
    [InlineData("CREATE OR REPLACE VIEW names AS SELECT id, ssn AS name, ssn AS number FROM customers")]
    [InlineData("ALTER TABLE customers RENAME COLUMN ssn TO other")]
    [InlineData("ALTER TABLE customers DROP COLUMN name CASCADE")]
    [InlineData("CREATE RULE r AS ON DELETE TO orders DO ALSO NOTIFY x")]
    [InlineData("ALTER TABLE orders ALTER note SET DEFAULT 'x'")]
    [InlineData("CREATE POLICY p ON orders USING (true)")]
    [InlineData("CREATE TABLE child () INHERITS (orders)")]
    [InlineData("DROP VIEW names")]
    public async Task Another_definition_is_another_version(string change)
    {
        await using var shop = await AnalysedDatabase.CreateAsync(server);
        using var watch = new CatalogWatch(shop.Source, TimeProvider.System, TimeSpan.Zero);
        var before = await watch.CurrentAsync(TestContext.Current.CancellationToken);
        Assert.Equal(before, await watch.CurrentAsync(TestContext.Current.CancellationToken));

        await shop.RunAsync(change);

        Assert.NotEqual(before, await watch.CurrentAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Data_and_statistics_are_no_definition()
    {
        await using var shop = await AnalysedDatabase.CreateAsync(server);
        using var watch = new CatalogWatch(shop.Source, TimeProvider.System, TimeSpan.Zero);
        var before = await watch.CurrentAsync(TestContext.Current.CancellationToken);

        await shop.RunAsync("INSERT INTO customers VALUES (7); DELETE FROM orders; ANALYZE");

        Assert.Equal(before, await watch.CurrentAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_server_is_asked_again_when_the_answer_is_old_or_DDL_was_seen()
    {
        await using var shop = await AnalysedDatabase.CreateAsync(server);
        var time = new ManualTime(DateTimeOffset.UnixEpoch);
        using var watch = new CatalogWatch(shop.Source, time, s_age);
        var first = await watch.CurrentAsync(TestContext.Current.CancellationToken);
        await shop.RunAsync("CREATE TABLE one ()");
        Assert.Equal(first, await watch.CurrentAsync(TestContext.Current.CancellationToken));

        time.Advance(s_age);
        var second = await watch.CurrentAsync(TestContext.Current.CancellationToken);
        Assert.NotEqual(first, second);

        await shop.RunAsync("CREATE TABLE two ()");
        watch.Forget();
        Assert.NotEqual(second, await watch.CurrentAsync(TestContext.Current.CancellationToken));
    }
}
