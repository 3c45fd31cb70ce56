using Countersign.Core.Ledger;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>The PostgreSQL gate of the built binary, before a real database, with psql as the agent.</summary>
public sealed class PostgresTests : IAsyncLifetime
{
    private const string Policy =
        """
        version: 1
        default: { require: { stages: [ { of: group:platform, need: 1, within: 30m } ], assurance: token } }
        rules:
          - id: reads
            when: action.gate == "postgres" && sql.read_only
            then: allow
        """;

    private readonly int _port = Ports.Take();
    private Database _database = null!;
    private Product _product = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await Database.StartAsync(Cancel);
        _product = await Product.StartAsync(
            new ProductOptions
            {
                Policy = Policy,
                More = $"postgres: {{ listen: 127.0.0.1:{_port} }}",
                Targets = _database.Target,
                Environment = new Dictionary<string, string> { ["ORDERS_ADMIN_DSN"] = _database.Admin },
            },
            Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _product.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_read_answers_as_the_database_would_and_is_in_the_ledger()
    {
        const string read = "SELECT id, total FROM orders ORDER BY id";
        var through = await RunningProgram.RunAsync(Psql(read), Cancel);

        Assert.Equal(0, through.ExitCode);
        Assert.Equal(await _database.AskAsync(read, Cancel), through.Output.Trim());
        await _product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task Killed_while_a_statement_is_held_the_same_statement_attaches_and_runs_once()
    {
        const string delete = "DELETE FROM orders WHERE id <= 3";
        await using (var first = RunningProgram.Start(Psql(delete)))
        {
            Assert.Contains("held for approval", await first.ReadErrorAsync(Cancel), StringComparison.Ordinal);
            await _product.KillAsync();
            Assert.NotEqual(0, (await first.WaitAsync(Cancel)).ExitCode);
        }

        await _product.StartAgainAsync(Cancel);
        await using var second = RunningProgram.Start(Psql(delete));
        Assert.Contains("held for approval", await second.ReadErrorAsync(Cancel), StringComparison.Ordinal);
        var held = await _product.As("ALICE").FindAsync("pending", Cancel);
        Assert.Equal("10", await _database.AskAsync("SELECT count(*) FROM orders", Cancel));
        await _product.As("ALICE").VoteAsync(held.GetProperty("id").GetString()!, "approve", Cancel);
        var ended = await second.WaitAsync(Cancel);

        Assert.Equal("DELETE 3", ended.Output.Trim());
        Assert.Equal("7", await _database.AskAsync("SELECT count(*) FROM orders", Cancel));
        await _product.As("ALICE").FindAsync("succeeded", Cancel);
        await _product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task Killed_behind_an_answer_the_read_is_in_the_ledger_all_the_same()
    {
        var psql = Psql("SELECT id FROM orders WHERE id = 7");
        await using (var killed = RunningProgram.Start(
            psql with { Arguments = [.. psql.Arguments, "-c", "DELETE FROM orders"] }))
        {
            Assert.Contains("held for approval", await killed.ReadErrorAsync(Cancel), StringComparison.Ordinal);
            await _product.KillAsync();
            Assert.StartsWith("7", (await killed.WaitAsync(Cancel)).Output, StringComparison.Ordinal);
        }

        await _product.StartAgainAsync(Cancel);
        await _product.StopAsync(Cancel);

        Assert.Single(
            StoreFile.ReadLeaves(_product.Folder.Database),
            leaf => Leaf.Decode(leaf).Type == EntryType.ActionExecuted);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(_product.Folder.Database)!, "*-reads-*"));
    }

    [Fact]
    public async Task A_denied_statement_says_why_and_changes_nothing()
    {
        await using var psql = RunningProgram.Start(Psql("UPDATE orders SET total = 0"));
        Assert.Contains("held for approval", await psql.ReadErrorAsync(Cancel), StringComparison.Ordinal);
        var held = await _product.As("ALICE").FindAsync("pending", Cancel);
        await _product.As("ALICE").VoteAsync(held.GetProperty("id").GetString()!, "deny", Cancel);
        var ended = await psql.WaitAsync(Cancel);

        Assert.NotEqual(0, ended.ExitCode);
        Assert.Contains("Nothing was executed", ended.Errors, StringComparison.Ordinal);
        Assert.Equal("550", await _database.AskAsync("SELECT sum(total) FROM orders", Cancel));
    }

    [Fact]
    public async Task A_statement_over_the_API_is_judged_approved_and_run_by_the_node()
    {
        var agent = _product.As("DEPLOY_BOT");
        var read = await agent.PostAsync(
            "v1/actions?wait=60",
            Api.AskBody("orders", "sql", """{"text":"SELECT count(*) FROM orders WHERE id > $1","parameters":[4]}"""),
            Cancel);
        Assert.Equal("succeeded", read.State);
        Assert.Equal("""[["6"]]""", RowsOf(read));

        const string write = """{"text":"DELETE FROM orders WHERE id <= 3 RETURNING id"}""";
        var held = await agent.AskAsync("orders", "sql", write, Cancel);
        Assert.Equal("pending", held.State);
        Assert.Equal("10", await _database.AskAsync("SELECT count(*) FROM orders", Cancel));
        var tried = await _product.As("ALICE").PostAsync(
            $"v1/actions/{held.Id}/dry-run", $$"""{"digest":"{{held.Digest}}"}""", Cancel);
        var finding = tried.Json.GetProperty("review").GetProperty("dry_runs")[0];
        Assert.Equal("DELETE 3", finding.GetProperty("commands")[0].GetString());
        Assert.Equal("10", await _database.AskAsync("SELECT count(*) FROM orders", Cancel));
        var shown = await agent.ShowAsync(held.Id!, Cancel);
        Assert.Equal(3, shown.Json.GetProperty("review").GetProperty("dry_runs")[0].GetProperty("rows").GetInt32());

        await _product.As("ALICE").VoteAsync(held.Id!, "approve", Cancel);
        var ended = await agent.WaitForEndAsync(held.Id!, Cancel);

        Assert.Equal("succeeded", ended.State);
        Assert.Equal("""[["1"],["2"],["3"]]""", RowsOf(ended));
        Assert.Equal("7", await _database.AskAsync("SELECT count(*) FROM orders", Cancel));
        await _product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task Killed_while_it_runs_a_statement_over_the_API_nothing_stays_and_nothing_runs_again()
    {
        const string waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = ";
        await using var other = RunningProgram.Start(_database.Psql(
            "BEGIN; UPDATE orders SET total = total WHERE id = 1; SELECT pg_sleep(3600)"));
        while (await _database.AskAsync($"{waits}'Timeout'", Cancel) == "0")
        {
            // The other session holds the row as soon as it sleeps.
        }

        var held = await _product.As("DEPLOY_BOT").AskAsync(
            "orders", "sql", """{"text":"DELETE FROM orders WHERE id <= 3"}""", Cancel);
        await _product.As("ALICE").VoteAsync(held.Id!, "approve", Cancel);
        while (await _database.AskAsync($"{waits}'Lock'", Cancel) == "0")
        {
            // The statement waits for the row that the other session holds.
        }

        await _product.KillAsync();
        await _product.StartAgainAsync(Cancel);
        var ended = await _product.As("DEPLOY_BOT").WaitForEndAsync(held.Id!, Cancel);
        await _database.AskAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%3600%' " +
            "AND pid <> pg_backend_pid()", Cancel);

        Assert.Equal("unknown", ended.State);
        Assert.Equal("10", await _database.AskAsync("SELECT count(*) FROM orders", Cancel));
        await _product.VerifyLedgerAsync(Cancel);
    }

    private static string RowsOf(ApiAnswer action) => action.Json
        .GetProperty("outcome").GetProperty("result").GetProperty("results")[0].GetProperty("rows").GetRawText();

    private ProgramOptions Psql(string text) =>
        Database.Psql(_port, "deploy-bot", ProductFolder.TokenOf("DEPLOY_BOT"), "orders", text);
}
