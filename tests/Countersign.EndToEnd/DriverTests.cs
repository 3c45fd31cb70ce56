using Countersign.EndToEnd.Clients;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>
/// The drivers that most programs use, before the gate of the built binary: whatever one does before the database
/// itself, it does before the gate, with the same results; what changes something waits for people.
/// </summary>
public sealed class DriverTests(GatedDatabase gated) : IClassFixture<GatedDatabase>, IAsyncLifetime
{
    private const string Rows = "101\t1.5\n102\t2.5\n103\t3.5\n";
    // Not while it is only read: the gate's own look at it, and Parse, are over long before.
    private const string Running =
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%AS endless%'" +
        " AND pid <> pg_backend_pid() AND usename NOT LIKE 'countersign_analyst%'" +
        " AND clock_timestamp() - query_start > interval '0.3 s'";

    public static TheoryData<string> Drivers =>
        [DatabaseDriver.NodePostgres, DatabaseDriver.PostgresJs, DatabaseDriver.PgJdbc];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await gated.StartAsync(Cancel);

    public ValueTask DisposeAsync() => default;

    [Theory]
    [MemberData(nameof(Drivers))]
    public Task Queries_answer_the_same(string driver) => SaysTheSameAsync(driver, "queries", "42703");

    [Theory]
    [MemberData(nameof(Drivers))]
    public Task A_prepared_statement_answers_the_same_ten_times(string driver) =>
        SaysTheSameAsync(driver, "prepared", "100");

    [Theory]
    [MemberData(nameof(Drivers))]
    public Task Rows_are_copied_out(string driver) => SaysTheSameAsync(driver, "copyOut", "100");

    [Theory]
    [MemberData(nameof(Drivers))]
    public Task An_error_in_a_pipeline_ends_what_it_ends_at_the_database(string driver) =>
        SaysTheSameAsync(driver, "pipeline", "22012");

    [Theory]
    [MemberData(nameof(Drivers))]
    public async Task Rows_are_copied_in_once_people_agree(string driver)
    {
        var direct = await RunAsync(driver, gated.Direct, "copyIn", Rows);
        await gated.Database.AskAsync("DELETE FROM orders WHERE id > 100", Cancel);
        await using var copying = DatabaseDriver.Start(driver, gated.Gated, "copyIn", Rows);
        await DecideAsync("approve");

        AssertSame(direct, await EndOfAsync(copying));
        Assert.Equal(
            "3|7.5", await gated.Database.AskAsync("SELECT count(*), sum(total) FROM orders WHERE id > 100", Cancel));
        await gated.Database.AskAsync("DELETE FROM orders WHERE id > 100", Cancel);
    }

    /// <summary>postgres.js waits for ever when that happens, before the database as well.</summary>
    [Theory]
    [InlineData(DatabaseDriver.NodePostgres)]
    [InlineData(DatabaseDriver.PgJdbc)]
    public async Task Rows_that_cannot_be_copied_in_are_an_error_and_the_connection_goes_on(string driver)
    {
        const string wrong = "101\t1.5\nwrong\t2.5\n";
        var direct = await RunAsync(driver, gated.Direct, "copyIn", wrong);
        await using var copying = DatabaseDriver.Start(driver, gated.Gated, "copyIn", wrong);
        await DecideAsync("approve");

        AssertSame(direct, await EndOfAsync(copying));
        Assert.Contains("22P02", direct.Output, StringComparison.Ordinal);
        Assert.Equal("10", await gated.Database.AskAsync("SELECT count(*) FROM orders", Cancel));
    }

    [Theory]
    [MemberData(nameof(Drivers))]
    public async Task What_runs_is_cancelled_and_the_connection_goes_on(string driver)
    {
        var direct = await CancelAsync(driver, gated.Direct);
        var through = await CancelAsync(driver, gated.Gated);

        AssertSame(direct, through);
        Assert.Contains("57014", direct.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Drivers))]
    public async Task What_is_held_is_cancelled_and_its_review_stays(string driver)
    {
        // What people denied once is answered at once, so each driver asks for something of its own.
        await using var asking = DatabaseDriver.Start(
            driver, gated.Gated, "cancel", $"UPDATE orders SET total = 0 WHERE id = 1 -- {driver}");
        var held = await FindHeldAsync();
        await asking.WriteLineAsync("now", Cancel);
        var ended = await EndOfAsync(asking);

        Assert.True(ended.ExitCode == 0, ended.ToString());
        Assert.Contains("57014", ended.Output, StringComparison.Ordinal);
        Assert.Equal("pending", (await gated.Product.As("ALICE").ShowAsync(held, Cancel)).State);
        await gated.Product.As("ALICE").VoteAsync(held, "deny", Cancel);
        Assert.Equal("10", await gated.Database.AskAsync("SELECT total FROM orders WHERE id = 1", Cancel));
    }

    [Theory]
    [MemberData(nameof(Drivers))]
    public async Task A_delete_waits_until_it_is_approved(string driver)
    {
        const string insert = "INSERT INTO orders VALUES (50, 500)";
        await gated.Database.AskAsync(insert, Cancel);
        var direct = await RunAsync(driver, gated.Direct, "remove", "50");
        await gated.Database.AskAsync(insert, Cancel);
        await using var deleting = DatabaseDriver.Start(driver, gated.Gated, "remove", "50");
        var held = await FindHeldAsync();

        Assert.Equal("11", await gated.Database.AskAsync("SELECT count(*) FROM orders", Cancel));
        await gated.Product.As("ALICE").VoteAsync(held, "approve", Cancel);
        AssertSame(direct, await EndOfAsync(deleting));
        Assert.Equal("succeeded", (await gated.Product.As("ALICE").ShowAsync(held, Cancel)).State);
        Assert.Equal("10", await gated.Database.AskAsync("SELECT count(*) FROM orders", Cancel));
    }

    private async Task SaysTheSameAsync(string driver, string job, string part)
    {
        var direct = await RunAsync(driver, gated.Direct, job);

        AssertSame(direct, await RunAsync(driver, gated.Gated, job));
        Assert.Contains(part, direct.Output, StringComparison.Ordinal);
    }

    private static void AssertSame(ProgramResult direct, ProgramResult through)
    {
        Assert.True(direct.ExitCode == 0, direct.ToString());
        Assert.True(through.ExitCode == 0, through.ToString());
        Assert.Equal(direct.Output, through.Output);
        Assert.NotEqual("", direct.Output.Trim());
    }

    private static async Task<ProgramResult> RunAsync(string driver, Login login, string job, params string[] values)
    {
        await using var program = DatabaseDriver.Start(driver, login, job, values);
        return await EndOfAsync(program);
    }

    /// <summary>The driver is told to cancel once the database itself says that the query runs.</summary>
    private async Task<ProgramResult> CancelAsync(string driver, Login login)
    {
        await using var program = DatabaseDriver.Start(driver, login, "cancel");
        while (await gated.Database.AskAsync(Running, Cancel) != "1")
        {
            Assert.False(program.HasExited, program.Output + program.Errors);
        }

        await program.WriteLineAsync("now", Cancel);
        return await EndOfAsync(program);
    }

    private static Task<ProgramResult> EndOfAsync(RunningProgram program) =>
        program.WaitAsync(Cancel).WaitAsync(Limits.Soon, Cancel);

    private async Task DecideAsync(string decision) =>
        await gated.Product.As("ALICE").VoteAsync(await FindHeldAsync(), decision, Cancel);

    private async Task<string> FindHeldAsync() =>
        (await gated.Product.As("ALICE").FindAsync("pending", Cancel)).GetProperty("id").GetString()!;
}
