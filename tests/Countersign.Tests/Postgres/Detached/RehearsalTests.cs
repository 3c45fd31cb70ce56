using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Tests.Postgres.Support;
using Countersign.Tests.Receipts;
using Npgsql;

namespace Countersign.Tests.Postgres.Detached;

/// <summary>A reviewer sees what would come of a statement, and nothing comes of it.</summary>
public sealed class RehearsalTests(PostgresServer server)
{
    private const string SetUp = """
        CREATE TABLE lines (id serial PRIMARY KEY, parent int REFERENCES orders DEFERRABLE INITIALLY DEFERRED);
        """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_dry_run_tells_rows_and_leaves_none_changed()
    {
        await using var host = await PostgresHost.StartAsync(server);
        var held = await HeldAsync(host, "DELETE FROM orders WHERE id <= 3");
        var done = await RunAsync(host, held);

        Assert.Equal(["DELETE 3"], done.Finding.Commands);
        Assert.Equal((3L, null), (done.Finding.Rows, done.Finding.Error));
        Assert.Equal(10L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
        var shown = (await host.Office.Gatekeeper.FindAsync(held.Id, Cancelled))!;
        Assert.Equal(PostgresHost.Alice, Assert.Single(shown.Rehearsals).By);
        Assert.Empty(shown.Life.Votes);
        Assert.Equal(3, host.Store.Entries.Count(entry => entry.Type == EntryType.ReviewOpened));
    }

    [Fact]
    public async Task It_takes_nothing_from_the_approval_that_follows()
    {
        await using var host = await PostgresHost.StartAsync(server);
        var held = await HeldAsync(host, "DELETE FROM orders WHERE id <= 3");
        await RunAsync(host, held);
        await host.DecideAsync(held, Decision.Approve);
        await host.UntilAsync(ActionState.Succeeded);

        Assert.Equal(7L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
        using var log = new ForgedLog(held.Id, host.Store.Entries, held.CreatedAt);
        var report = log.Verify();
        Assert.Empty(report.Doubts.Select(found => found.Text));
        Assert.Contains(report.Story, line => line.EndsWith("dry run for alice", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_session_waits_with_can_be_run_and_taken_back_too()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var command = new NpgsqlCommand("UPDATE orders SET total = $1", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = 12.50m });
        var updating = command.ExecuteNonQueryAsync(Cancelled);
        var held = await host.UntilAsync(ActionState.Pending);

        Assert.Equal(10L, (await RunAsync(host, held)).Finding.Rows);
        await host.DecideAsync(held, Decision.Deny);
        await Assert.ThrowsAsync<PostgresException>(() => updating);
        Assert.Equal(0L, await host.AskDirectlyAsync("SELECT count(*) FROM orders WHERE total = 12.50"));
    }

    [Theory]
    [InlineData("INSERT INTO orders VALUES (1, 'twice', 0)", "23505")]
    [InlineData("INSERT INTO lines (id, parent) VALUES (1, 99)", "23503")]
    [InlineData("DELETE FROM orders WHERE id = 1; INSERT INTO orders VALUES (2, 'twice', 0)", "23505")]
    public async Task What_would_fail_says_so(string text, string code)
    {
        await using var host = await PostgresHost.StartAsync(server, setUp: SetUp);
        var done = await RunAsync(host, await HeldAsync(host, text));

        Assert.Contains(code, done.Finding.Error, StringComparison.Ordinal);
        Assert.Equal(10L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task It_waits_for_nobody()
    {
        await using var host = await PostgresHost.StartAsync(server);
        var held = await HeldAsync(host, "DELETE FROM orders WHERE id = 1");
        await using var source = NpgsqlDataSource.Create(host.Database);
        await using var other = await source.OpenConnectionAsync(Cancelled);
        await using var transaction = await other.BeginTransactionAsync(Cancelled);
        await using var update = new NpgsqlCommand("UPDATE orders SET total = 1 WHERE id = 1", other);
        await update.ExecuteNonQueryAsync(Cancelled);

        Assert.Contains("55P03", (await RunAsync(host, held)).Finding.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Definitions_can_be_tried_and_are_gone_afterwards()
    {
        await using var host = await PostgresHost.StartAsync(server);
        var held = await HeldAsync(host, "ALTER TABLE orders ADD COLUMN note text");
        var answer = await host.Office.Rehearsals.AskAsync(
            held.Id, new Voter(PostgresHost.Alice, Assurance.Session), held.Action.Digest, Cancelled);

        // Without an owner role the gate has no right to give, and says so; either way nothing stays.
        Assert.True(answer is RehearsalAnswer.Done or RehearsalAnswer.Impossible);
        const string columns = "SELECT count(*) FROM information_schema.columns WHERE table_name = 'orders'";
        Assert.Equal(3L, await host.AskDirectlyAsync(columns));
    }

    [Theory]
    [InlineData("DO $$ BEGIN PERFORM 1; END $$")]
    [InlineData("VACUUM orders")]
    [InlineData("SELECT nextval('lines_id_seq')")]
    [InlineData("SELECT pg_advisory_lock(1)")]
    public async Task What_a_rollback_would_not_undo_does_not_run(string text)
    {
        await using var host = await PostgresHost.StartAsync(server, setUp: SetUp);
        var held = await HeldAsync(host, text);
        var answer = await AskAsync(host, held, PostgresHost.Alice);

        Assert.IsType<RehearsalAnswer.Impossible>(answer);
        Assert.Equal(false, await host.AskDirectlyAsync("SELECT is_called FROM lines_id_seq"));
    }

    [Fact]
    public async Task Whoever_stands_behind_the_request_has_nothing_run()
    {
        await using var host = await PostgresHost.StartAsync(server);
        var held = await HeldAsync(host, "DELETE FROM orders");
        var carol = new PersonId("carol");

        Assert.False(host.Office.Rehearsals.MayAsk(carol, held));
        Assert.Equal(StepRefusal.NotEligible, RefusalOf(await AskAsync(host, held, carol)));
        Assert.True(host.Office.Rehearsals.MayAsk(PostgresHost.Alice, held));
        Assert.Single(host.Store.Entries, entry => entry.Type == EntryType.ReviewOpened);
    }

    [Fact]
    public async Task Another_revision_or_a_decided_review_has_no_dry_run()
    {
        await using var host = await PostgresHost.StartAsync(server);
        var held = await HeldAsync(host, "DELETE FROM orders");
        var other = await HeldAsync(host, "DELETE FROM orders WHERE id = 1");
        var voter = new Voter(PostgresHost.Alice, Assurance.Session);

        Assert.Equal(StepRefusal.StaleDigest, RefusalOf(await host.Office.Rehearsals.AskAsync(
            held.Id, voter, other.Action.Digest, Cancelled)));
        await host.DecideAsync(held, Decision.Deny);
        Assert.Equal(StepRefusal.AlreadyDecided, RefusalOf(await AskAsync(host, held, PostgresHost.Alice)));
    }

    private static StepRefusal RefusalOf(RehearsalAnswer answer) => Assert.IsType<RehearsalAnswer.Refused>(answer).Why;

    private static async Task<Rehearsal> RunAsync(PostgresHost host, ActionRecord held) =>
        Assert.IsType<RehearsalAnswer.Done>(await AskAsync(host, held, PostgresHost.Alice)).Rehearsal;

    private static Task<RehearsalAnswer> AskAsync(PostgresHost host, ActionRecord held, PersonId person) =>
        host.Office.Rehearsals.AskAsync(
            held.Id, new Voter(person, Assurance.Session), held.Action.Digest, Cancelled);

    private static async Task<ActionRecord> HeldAsync(PostgresHost host, string text) =>
        Assert.IsType<Admission.Held>(
            await host.AskAsync($$"""{"text":{{System.Text.Json.JsonSerializer.Serialize(text)}}}""")).Record;
}
