using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using Countersign.Tests.Postgres.Bypass;
using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres;

/// <summary>Something fails that nobody foresaw, or at the worst moment.</summary>
public sealed class FaultTests(PostgresServer server)
{
    private const string Sensitive = "DELETE FROM orders WHERE id <= 3";

    /// <summary>What is bounded runs in a transaction of the gate's own.</summary>
    private const string InATransaction =
        """
        version: 1
        default:
          require:
            stages: [ { of: group:dba, need: 1, within: 15m } ]
            assurance: token
            bounds: { seconds: 61 }
        """;

    [Fact]
    public async Task A_fault_before_anything_ran_is_told_and_logged_and_the_review_stays()
    {
        await using var host = await PostgresHost.StartAsync(server);
        var address = host.ReviewUrl;
        host.ReviewUrl = _ => throw new InvalidOperationException("No address.");
        await using var session = await RawSession.OpenAsync(host);

        Assert.Equal("error XX000; closed", await session.AskAsync(Sensitive));
        Assert.Contains(
            "of bot at orders failed: No address.", Assert.Single(host.Log.Lines), StringComparison.Ordinal);

        host.ReviewUrl = address;
        await using var again = await RawSession.OpenAsync(host);
        Assert.Equal("held", await again.AskAsync(Sensitive));
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);
        Assert.Equal("done DELETE 3; Z I", await again.AnswerAsync());
        Assert.Single(host.Store.Actions);
    }

    [Fact]
    public async Task A_fault_while_it_ran_leaves_the_outcome_unknown_and_the_session_ended()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);
        Assert.Equal("held", await session.AskAsync(Sensitive));
        host.Faults.OnceCommitted(EntryType.ExecutionIntent, () => OnceMore(host));
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);

        Assert.Equal("error 08007; closed", await session.AnswerAsync());
        await host.UntilAsync(ActionState.Unknown);
        Assert.Equal(10L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));

        // The claim is the first intent, the evidence the second one.
        static Task OnceMore(PostgresHost host)
        {
            host.Faults.OnceCommitted(
                EntryType.ExecutionIntent, () => throw new InvalidOperationException("Nobody foresaw it."));
            return Task.CompletedTask;
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("BEGIN")]
    public async Task A_database_that_goes_while_people_think_ends_the_session_at_once_and_the_review_stays(
        string before)
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);
        await session.AskAsync(before);
        Assert.Equal("held", await session.AskAsync(Sensitive));
        await host.AskDirectlyAsync("""
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """);

        Assert.Equal("error 08006; closed", await session.AnswerAsync());
        var held = await host.UntilAsync(ActionState.Pending);
        await host.DecideAsync(held, Decision.Approve);
        await host.UntilAsync(ActionState.Approved);

        await using var again = await RawSession.OpenAsync(host);
        await again.AskAsync(before);
        Assert.EndsWith($"done DELETE 3; Z {(before == "" ? "I" : "T")}", await again.AskAsync(Sensitive));
        await host.UntilAsync(ActionState.Succeeded);
        Assert.Single(host.Store.Actions);
    }

    [Fact]
    public async Task Rows_that_could_not_be_recorded_do_not_leave_with_what_is_held_behind_them()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);
        host.Faults.FailOn(EntryType.ActionExecuted);
        await session.SendAsync(
            [.. RawSession.Extended("SELECT 7"), .. RawSession.Extended(Sensitive), RawSession.Sync]);

        Assert.Equal("error 08006; closed", await session.AnswerAsync());
        host.Faults.Heal();
    }

    [Fact]
    public async Task A_limit_that_is_over_when_the_commit_begins_leaves_no_transaction_open()
    {
        using var time = new PlayedLimit(TimeSpan.FromSeconds(61));
        await using var host = await PostgresHost.StartAsync(
            server,
            InATransaction,
            time: time);
        await using var session = await RawSession.OpenAsync(host);
        Assert.Equal("held", await session.AskAsync($"{Sensitive}; DELETE FROM orders WHERE id = 4"));
        host.Faults.OnceCommitted(EntryType.ExecutionIntent, () =>
        {
            host.Faults.OnceCommitted(EntryType.ExecutionIntent, () =>
            {
                time.End();
                return Task.CompletedTask;
            });
            return Task.CompletedTask;
        });
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);

        var answer = await session.AnswerAsync();

        // Whether the cancellation still finds the commit is open; that it is one of both is not.
        var isDone = answer.EndsWith("done DELETE 1; Z I", StringComparison.Ordinal);
        Assert.True(isDone || answer.EndsWith("error 57014; Z I", StringComparison.Ordinal), answer);
        Assert.Equal(isDone ? 6L : 10L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
        await host.UntilAsync(isDone ? ActionState.Succeeded : ActionState.Failed);
    }

    /// <summary>As when a cancellation that was meant for the commit meets the rollback behind it.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_rollback_that_fails_is_sent_again_before_the_client_is_told(int failures)
    {
        var database = await server.CreateDatabaseAsync();
        var place = PostgresHost.AddressOf(database);
        await using var relay = new ForgetfulRelay(place.Host, place.Port, "ROLLBACK\0"u8, failures);
        await using var host = await PostgresHost.StartAsync(
            database, target => target with { Address = place with { Port = relay.Port } }, InATransaction);
        await using var session = await RawSession.OpenAsync(host);
        Assert.Equal("held", await session.AskAsync("SELECT 1; UPDATE orders SET id = 1 WHERE id = 2"));

        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);

        Assert.EndsWith("error 23505; Z I", await session.AnswerAsync(), StringComparison.Ordinal);
        await host.UntilAsync(ActionState.Failed);
        Assert.True(relay.Left <= 0, "The rollback did not fail so often.");
        Assert.Equal("held", await session.AskAsync("SELECT 2"));
    }
}
