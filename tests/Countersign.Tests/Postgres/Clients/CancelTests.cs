using System.Diagnostics;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Postgres;
using Countersign.Tests.Postgres.Bypass;
using Countersign.Tests.Postgres.Support;
using Npgsql;

namespace Countersign.Tests.Postgres.Clients;

/// <summary>What becomes of a statement whose client waits for long, or does not wait any more.</summary>
public sealed class CancelTests(PostgresServer server)
{
    private const string Sensitive = "DELETE FROM orders WHERE id <= 3";
    private const string Slow = "SELECT pg_sleep(600)";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_waits_is_told_so_again_and_again()
    {
        using var time = new PlayedLimit(new PostgresLimits().HeldNotice);
        await using var host = await PostgresHost.StartAsync(server, time: time);
        await using var session = await RawSession.OpenAsync(host);
        Assert.Equal("held", await session.AskAsync(Sensitive));

        for (var i = 0; i < 3; i++)
        {
            await time.EndNextAsync();
            Assert.Equal("held", await session.AnswerAsync());
        }

        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);
        Assert.Equal("done DELETE 3; Z I", await session.AnswerAsync());
    }

    [Fact]
    public async Task Npgsql_cancels_its_wait_and_not_the_review()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var delete = new NpgsqlCommand(Sensitive, connection);
        var deleting = delete.ExecuteNonQueryAsync(Cancelled);
        var held = await host.UntilAsync(ActionState.Pending);

        delete.Cancel();

        await AssertCancelledAsync(deleting);
        await AssertAttachesAsync(host, held, () => delete.ExecuteNonQueryAsync(Cancelled));
    }

    [Fact]
    public async Task Psql_cancels_its_wait_and_not_the_review()
    {
        await using var host = await PostgresHost.StartAsync(server);

        var said = await ClientProgram.RunAsync(
            host.Agent,
            async process =>
            {
                await host.UntilAsync(ActionState.Pending);
                await ClientProgram.InterruptAsync(process);
            },
            "psql", "-X", "-w", "-v", "VERBOSITY=verbose", "-c", Sensitive);

        Assert.Contains("57014", said.Errors, StringComparison.Ordinal);
        var held = await host.UntilAsync(ActionState.Pending);
        await AssertAttachesAsync(
            host, held, () => ClientProgram.RunAsync(host.Agent, "psql", "-X", "-w", "-c", Sensitive));
    }

    [Fact]
    public async Task Npgsql_cancels_what_runs()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var sleep = new NpgsqlCommand(Slow, connection);
        var sleeping = sleep.ExecuteNonQueryAsync(Cancelled);
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);
        await UntilAsleepAsync(host);

        sleep.Cancel();

        await AssertCancelledAsync(sleeping);
        await host.UntilAsync(ActionState.Failed);
        await using var after = new NpgsqlCommand("SELECT 4", connection);
        Assert.Equal(4, await after.ExecuteScalarAsync(Cancelled));
    }

    [Fact]
    public async Task Psql_cancels_what_runs()
    {
        await using var host = await PostgresHost.StartAsync(server);

        var said = await ClientProgram.RunAsync(
            host.Agent, StopAsync, "psql", "-X", "-w", "-c", Slow);

        Assert.Contains("canceling statement due to user request", said.Errors, StringComparison.Ordinal);
        await host.UntilAsync(ActionState.Failed);

        async Task StopAsync(Process process)
        {
            await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);
            await UntilAsleepAsync(host);
            await ClientProgram.InterruptAsync(process);
        }
    }

    /// <summary>The review outlived its client, and the same statement needs no other one.</summary>
    private static async Task AssertAttachesAsync(PostgresHost host, ActionRecord held, Func<Task> again)
    {
        Assert.Equal(held.Id, (await host.UntilAsync(ActionState.Pending)).Id);
        Assert.Equal(10L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
        var deleting = again();
        await host.DecideAsync(held, Decision.Approve);
        await deleting;
        Assert.Equal(7L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
        Assert.Single(host.Store.Actions, row => row.Digest == held.Action.Digest);
    }

    private static async Task AssertCancelledAsync(Task running)
    {
        var cancelled = await Assert.ThrowsAsync<OperationCanceledException>(() => running);
        Assert.Equal("57014", Assert.IsType<PostgresException>(cancelled.InnerException).SqlState);
    }

    private static async Task UntilAsleepAsync(PostgresHost host)
    {
        while (await host.AskDirectlyAsync("""
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event = 'PgSleep'
            """) is 0L)
        {
            await Task.Yield();
        }
    }
}
