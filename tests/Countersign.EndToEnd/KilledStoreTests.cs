using System.Text;
using Countersign.EndToEnd.Support;
using Countersign.Tests.Support;

namespace Countersign.EndToEnd;

/// <summary>
/// FLT-11 to 14: the product kills itself between the statements of one commit, of a migration and of a change of
/// policy. What was acknowledged is there, what was not is there whole or not at all.
/// </summary>
public sealed class KilledStoreTests
{
    /// <summary>More statements than any start runs; a loop that gets there never ends by itself.</summary>
    private const int TooManyStatements = 500;

    private const string Reports = "action.operation == \"read_report\"";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("ran BEGIN")]
    [InlineData("ran INSERT INTO entry")]
    [InlineData("ran INSERT INTO payload")]
    [InlineData("ran INSERT INTO payload|ran INSERT INTO entry")]
    [InlineData("ran UPDATE log_head")]
    public async Task FLT_11_killed_while_entries_are_appended_none_of_them_is_there(string point)
    {
        await using var bench = await StartAsync("commit-of action.requested|" + point);
        var seen = await SeenAsync(bench);
        await AskInVainAsync(bench);
        await RestartAsync(bench);

        Assert.Equal(seen, await SeenAsync(bench));
        await AskAgainAndApproveAsync(bench);
        await Aftermath.CheckAsync(bench, seen, Cancel);
    }

    /// <summary>Signed and not stored, or stored and not yet written to the head file beside the database.</summary>
    [Theory]
    [InlineData("ran INSERT INTO checkpoint", false)]
    [InlineData("ran COMMIT", true)]
    public async Task FLT_12_killed_around_the_signature_the_log_goes_on_without_a_fork(string point, bool isCommitted)
    {
        await using var bench = await StartAsync("commit-of action.requested|" + point);
        var seen = await SeenAsync(bench);
        await AskInVainAsync(bench);
        await bench.Product.WaitForDeathAsync(Cancel);
        var head = bench.Product.Folder.In("data/ledger.key.head");
        var written = await File.ReadAllTextAsync(head, Cancel);
        // What a crash while the head file is replaced leaves beside it.
        await File.WriteAllTextAsync(head + ".new", written[..(written.Length / 2)], Cancel);
        await bench.Product.StartAgainAsync(Cancel);

        Assert.Equal(seen, written);
        Assert.Equal(isCommitted, seen != await SeenAsync(bench));
        await AskAgainAndApproveAsync(bench);
        await Aftermath.CheckAsync(bench, seen, Cancel);
    }

    [Fact]
    public async Task FLT_13_killed_at_each_statement_of_the_first_start_there_are_all_tables_or_none()
    {
        await using var bench = await StoppedAsync();
        Directory.Delete(bench.Product.Folder.In("data"), recursive: true);
        var whole = await KillAtEachStatementAsync(bench, FullRun.Step(6), before: (0, null));

        Assert.NotNull(whole.Version);
        var seen = await SeenAsync(bench);
        await AskAgainAndApproveAsync(bench);
        await Aftermath.CheckAsync(bench, seen, Cancel);
    }

    [Fact]
    public async Task FLT_13_killed_at_each_statement_of_an_upgrade_the_schema_is_the_old_or_the_new_one()
    {
        await using var bench = await StoppedAsync();
        var seen = await File.ReadAllTextAsync(bench.Product.Folder.In("data/ledger.key.head"), Cancel);
        // As the first version left it: step 2 exchanges an index, step 3 adds a table, step 4 a table and a column,
        // step 5 a table with an index, step 6 two tables, step 7 three tables, two of them with an index, step 8 a
        // table besides the outbox, which it makes anew, step 9 a table.
        StoreFile.Run(
            bench.Product.Folder.Database,
            """
            ALTER TABLE action DROP COLUMN intent_entry; DROP TABLE recording_window;
            DROP TABLE key_succession; DROP TABLE roster; DROP TABLE favour; DROP TABLE once; DROP TABLE membership;
            DROP TABLE agent_stop; DROP TABLE passkey; DROP TABLE posting; DROP TABLE account_link;
            DROP INDEX action_attachable; CREATE INDEX action_of_key ON action (attach_key);
            UPDATE schema_version SET version = 1
            """);
        var old = StoreFile.ReadSchema(bench.Product.Folder.Database);

        var upgraded = await KillAtEachStatementAsync(bench, FullRun.Step(4), old);

        Assert.Equal((old.Parts + 13, 9), upgraded);
        await AskAgainAndApproveAsync(bench);
        // The roster that a later version had recorded went with its table, which no real first version did.
        Aftermath.CheckLog(bench, seen);
    }

    [Theory]
    [InlineData("commit-of policy.changed", "approved")]
    [InlineData("commit-of policy.changed|ran INSERT INTO policy", "approved")]
    [InlineData("committed policy.changed", "refused")]
    public async Task FLT_14_killed_while_an_approved_policy_comes_into_force_one_policy_decides(
        string killAt, string asked)
    {
        await using var product = await ChangedAsync(new ProductOptions());
        await product.StartAgainAsync(killAt, Cancel);
        var proposal = (await product.As("ALICE").FindAsync("pending", Cancel)).GetProperty("id").GetString()!;
        await Record.ExceptionAsync(() => product.As("ALICE").VoteAsync(proposal, "approve", Cancel));
        await product.WaitForDeathAsync(Cancel);
        await product.StartAgainAsync(Cancel);
        var answer = await product.As("DEPLOY_BOT").AskAsync("sdk", "read_report", """{"id":1}""", Cancel);
        var change = await product.As("ALICE").WaitForEndAsync(proposal, Cancel);

        Assert.Equal(asked, answer.State);
        var pending = await product.As("ALICE").GetAsync("v1/actions?state=pending", Cancel);

        // What did not come into force is put to review anew.
        Assert.Equal("unknown", change.State);
        Assert.Equal(asked == "approved" ? 1 : 0, pending.Json.GetProperty("items").GetArrayLength());
        await product.VerifyLedgerAsync(Cancel);
    }

    [Theory]
    [InlineData("commit-of policy.changed")]
    [InlineData("commit-of policy.changed|ran INSERT INTO policy")]
    [InlineData("committed policy.changed")]
    public async Task FLT_14_killed_while_a_changed_file_is_taken_at_the_start_the_next_start_takes_it(string point)
    {
        await using var product = await ChangedAsync(new ProductOptions { More = "changes: immediate" });
        Assert.False(await product.TryStartAgainAsync(point, Cancel));
        await product.StartAgainAsync(Cancel);

        var answer = await product.As("DEPLOY_BOT").AskAsync("sdk", "read_report", """{"id":1}""", Cancel);

        Assert.Equal("refused", answer.State);
        await product.VerifyLedgerAsync(Cancel);
    }

    private static Task<Bench> StartAsync(string killAt) =>
        Bench.StartAsync(new ProductOptions { KillAt = killAt }, Cancel);

    private static async Task<Bench> StoppedAsync()
    {
        var bench = await Bench.StartAsync(Cancel);
        await bench.Product.StopAsync(Cancel);
        return bench;
    }

    /// <summary>A product whose policy file changed while it was stopped: reports are not allowed any more.</summary>
    private static async Task<Product> ChangedAsync(ProductOptions options)
    {
        var product = await Product.StartAsync(options, Cancel);
        await product.StopAsync(Cancel);
        var policy = await File.ReadAllTextAsync(product.Folder.PolicyFile, Cancel);
        Assert.Contains(Reports, policy, StringComparison.Ordinal);
        await File.WriteAllTextAsync(
            product.Folder.PolicyFile,
            policy.Replace(Reports, "action.operation == \"read_other\"", StringComparison.Ordinal),
            Cancel);
        return product;
    }

    /// <summary>
    /// Starts the product, killed at a later statement each time, until it gets through; returns the schema it has
    /// then.
    /// </summary>
    private static async Task<(long Parts, long? Version)> KillAtEachStatementAsync(
        Bench bench, int step, (long Parts, long? Version) before)
    {
        var (schemas, deaths) = (new List<(long Parts, long? Version)>(), 0);
        for (var n = 1; n < TooManyStatements; n += step)
        {
            var point = string.Join('|', Enumerable.Repeat("ran", n));
            if (await bench.Product.TryStartAgainAsync(point, Cancel))
            {
                break;
            }

            deaths++;
            schemas.Add(StoreFile.ReadSchema(bench.Product.Folder.Database));
        }

        // It was killed before and after the one commit that makes the difference, and saw nothing in between.
        var after = StoreFile.ReadSchema(bench.Product.Folder.Database);
        Assert.True(deaths > 2, $"Only {deaths} starts were killed.");
        Assert.Equal([before, after], schemas.Distinct());
        Assert.NotEqual(before, after);
        await bench.Product.StopAsync(Cancel);
        await bench.Product.StartAgainAsync(Cancel);
        return after;
    }

    private static async Task RestartAsync(Bench bench)
    {
        await bench.Product.WaitForDeathAsync(Cancel);
        await bench.Product.StartAgainAsync(Cancel);
    }

    private static Task<string> SeenAsync(Bench bench) => bench.Alice.Http.GetStringAsync("ledger/checkpoint", Cancel);

    private static Task<HttpRequestException> AskInVainAsync(Bench bench) =>
        Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(bench));

    private static Task<ApiAnswer> AskAsync(Bench bench)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "v1/actions")
        {
            Content = new StringContent(
                Api.AskBody("ops", "restart_service", """{"name":"once"}"""), Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Idempotency-Key", "the-key-of-one-request");
        return bench.Agent.SendAsync(request, Cancel);
    }

    /// <summary>The retry of whoever got no answer: there is one action, and it runs once.</summary>
    private static async Task AskAgainAndApproveAsync(Bench bench)
    {
        var asked = await AskAsync(bench);
        await bench.Alice.VoteAsync(asked.Id!, "approve", Cancel);
        var ended = await bench.Agent.WaitForEndAsync(asked.Id!, Cancel);
        var list = await bench.Alice.GetAsync("v1/actions", Cancel);

        Assert.Equal("succeeded", ended.State);
        Assert.Equal(1, list.Json.GetProperty("items").GetArrayLength());
        Assert.Single(bench.Upstream.Calls);
    }
}
