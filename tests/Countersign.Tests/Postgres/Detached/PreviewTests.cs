using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Tests.Postgres.Support;
using Npgsql;

namespace Countersign.Tests.Postgres.Detached;

/// <summary>What people are shown of a statement before anything of it runs.</summary>
public sealed class PreviewTests(PostgresServer server)
{
    private const string SetUp = """
        CREATE TABLE lines (id int PRIMARY KEY, parent int);
        CREATE TABLE many (day int) PARTITION BY RANGE (day);
        CREATE TABLE many_first PARTITION OF many FOR VALUES FROM (0) TO (10);
        CREATE TABLE many_second PARTITION OF many FOR VALUES FROM (10) TO (20);
        INSERT INTO many SELECT n FROM generate_series(0, 14) AS n;
        CREATE TABLE large AS SELECT n FROM generate_series(1, 1000) AS n;
        ANALYZE;
        """;

    [Theory]
    [InlineData("INSERT INTO lines VALUES (1, 1), (2, (1 + 1)), (3, NULL)", 3, true)]
    [InlineData("INSERT INTO lines AS l (id, parent) VALUES (1, 1) RETURNING id", 1, true)]
    [InlineData("INSERT INTO lines (id) OVERRIDING USER VALUE VALUES (1), (2)", 2, true)]
    [InlineData("INSERT INTO public.lines DEFAULT VALUES", 1, true)]
    [InlineData("INSERT INTO lines VALUES (1), (2) ON CONFLICT DO NOTHING", 2, false)]
    [InlineData("INSERT INTO lines VALUES (1), (2), (3) LIMIT 2", 2, true)]
    [InlineData("INSERT INTO lines SELECT id, 1 FROM orders WHERE id > 4", 6, true)]
    [InlineData("INSERT INTO lines (id) (SELECT id FROM orders)", 10, true)]
    [InlineData("WITH few AS (SELECT id FROM orders LIMIT 4) INSERT INTO lines (id) SELECT id FROM few", 4, true)]
    [InlineData("INSERT INTO lines (id) TABLE large RETURNING id", 1000, true)]
    [InlineData("INSERT INTO lines SELECT o.id, 1 FROM orders o JOIN large l ON l.n = o.id", 10, true)]
    [InlineData("TRUNCATE orders", 10, true)]
    [InlineData("TRUNCATE many", 15, true)]
    [InlineData("TRUNCATE TABLE ONLY orders, large", 1010, true)]
    [InlineData("UPDATE orders SET total = 0 WHERE id IN (1, 2)", 2, true)]
    public async Task Rows_are_counted_before_they_change(string text, long rows, bool exact)
    {
        await using var host = await PostgresHost.StartAsync(server, setUp: SetUp);
        var preview = await PreviewOfAsync(host, $$"""{"text":"{{text}}"}""");

        Assert.Equal((rows, exact, null), (preview.Rows, preview.Exact, preview.Error));
    }

    [Fact]
    public async Task What_costs_too_much_to_count_is_estimated_and_says_so()
    {
        await using var host = await PostgresHost.StartAsync(server, setUp: SetUp);
        var preview = await PreviewOfAsync(
            host, """{"text":"INSERT INTO lines SELECT a.n, b.n FROM large a, large b, large c"}""");

        Assert.Equal((1_000_000_000L, false), (preview.Rows, preview.Exact));
        Assert.Contains("about 1000000000 rows", preview.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_statement_is_shown_in_one_form_with_its_parameters()
    {
        await using var host = await PostgresHost.StartAsync(server);
        var preview = await PreviewOfAsync(
            host,
            """
            {"text":"delete  FROM Orders /* harmless */ where ID=$1 or customer = $2","parameters":[5,null]}
            """);

        Assert.Equal("DELETE FROM orders WHERE id = $1 OR customer = $2", preview.Statement);
        Assert.Equal(["$1 = '5' (integer)", "$2 = NULL (text)"], preview.Parameters);
    }

    [Fact]
    public async Task Values_that_a_driver_sends_in_binary_are_shown_as_what_they_are()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var command = new NpgsqlCommand(
            "DELETE FROM orders WHERE total > $1 AND id = ANY($2) AND customer <> ALL($3)", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = -12345.0670m });
        command.Parameters.Add(new NpgsqlParameter { Value = new[] { 1, 2 } });
        command.Parameters.Add(new NpgsqlParameter { Value = new[] { "a\"b", null } });
        var deleting = command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var held = await host.UntilAsync(ActionState.Pending);
        await host.DecideAsync(held, Decision.Deny);
        await Assert.ThrowsAsync<PostgresException>(() => deleting);

        Assert.Equal(
            [
                "$1 = '-12345.0670' (numeric)",
                """$2 = '{"1","2"}' (integer[])""",
                """$3 = '{"a\"b",NULL}' (text[])""",
            ],
            held.Preview?.Parameters);
        Assert.Equal((0L, true), (held.Preview?.Rows, held.Preview?.Exact));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("0.00")]
    [InlineData("-0.0001")]
    [InlineData("0.00001234")]
    [InlineData("10000")]
    [InlineData("100000000.5")]
    [InlineData("79228162514264337593543950335")]
    public async Task A_number_is_shown_with_all_of_its_digits(string number)
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var command = new NpgsqlCommand("DELETE FROM orders WHERE total = $1", connection);
        var value = decimal.Parse(number, System.Globalization.CultureInfo.InvariantCulture);
        command.Parameters.Add(new NpgsqlParameter { Value = value });
        var deleting = command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var held = await host.UntilAsync(ActionState.Pending);
        await host.DecideAsync(held, Decision.Deny);
        await Assert.ThrowsAsync<PostgresException>(() => deleting);

        Assert.Equal([$"$1 = '{number}' (numeric)"], held.Preview?.Parameters);
    }

    private static async Task<Preview> PreviewOfAsync(PostgresHost host, string arguments) =>
        Assert.IsType<Admission.Held>(await host.AskAsync(arguments)).Record.Preview!;
}
