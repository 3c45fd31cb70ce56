using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Gates.Postgres.Wire;
using Countersign.Tests.Postgres.Bypass;
using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres;

/// <summary>What a pipeline is answered with does not depend on where the network cuts it.</summary>
public sealed class PipelineTests(PostgresServer server)
{
    [Fact]
    public async Task What_was_asked_before_a_Sync_is_answered_although_the_next_pipeline_has_begun()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);

        await session.SendAsync(
            [.. RawSession.Extended("SELECT 1"), RawSession.Sync, .. RawSession.Extended("SELECT 2")]);
        Assert.EndsWith("row 1; done SELECT 1; Z I", await session.AnswerAsync(), StringComparison.Ordinal);
        await session.SendAsync(RawSession.Sync);

        Assert.EndsWith("row 2; done SELECT 1; Z I", await session.AnswerAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ROLLBACK TO s; DELETE FROM orders WHERE id = 1")]
    [InlineData("SAVEPOINT t; DELETE FROM orders WHERE id = 1; ROLLBACK TO s")]
    [InlineData("DELETE FROM orders WHERE id = 1; ROLLBACK; BEGIN")]
    public async Task A_list_that_takes_portals_back_gives_their_names_back(string list)
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);
        await session.AskAsync("BEGIN");
        await session.AskAsync("SAVEPOINT s");
        await session.SendAsync(
            RawSession.Parse("SELECT id FROM orders ORDER BY id", "reads"), RawSession.Bind("reads", "p"),
            RawSession.Execute("p", maxRows: 1), RawSession.Sync);
        Assert.EndsWith("row 1; s; Z T", await session.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal("held", await session.AskAsync(list));
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);
        Assert.EndsWith("Z T", await session.AnswerAsync(), StringComparison.Ordinal);

        await session.SendAsync(
            RawSession.Bind("reads", "p"), RawSession.Execute("p", maxRows: 1), RawSession.Sync);
        Assert.EndsWith("s; Z T", await session.AnswerAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Parse_behind_an_error_whose_reading_asks_the_database_is_dropped()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);

        await session.SendAsync(
        [
            RawSession.Parse("SET search_path = pg_catalog"), RawSession.Bind(), RawSession.Execute(),
            RawSession.Parse("SELECT 1/0"), RawSession.Bind(), RawSession.Execute(),
            RawSession.Parse("SELECT 3", "late"), RawSession.Bind("late"), RawSession.Execute(), RawSession.Sync,
        ]);
        var answer = await session.AnswerAsync();

        Assert.EndsWith("error 22012; Z I", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("row 3", answer, StringComparison.Ordinal);
        await session.ExtendedAsync("SELECT 4");
        Assert.EndsWith("row 4; done SELECT 1; Z I", await session.AnswerAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DEALLOCATE ALL", "SET search_path = public")]
    [InlineData("SET search_path = public", "DEALLOCATE ALL")]
    [InlineData("DISCARD ALL")]
    public async Task A_statement_behind_a_setting_and_a_drop_of_all_names_is_understood(params string[] texts)
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);
        // The gate's own question about settings is prepared by then.
        Assert.EndsWith("row 1; done SELECT 1; Z I", await session.AskAsync("SELECT 1"), StringComparison.Ordinal);

        for (var i = 0; i < 3; i++)
        {
            await session.SendAsync(
            [
                .. texts.SelectMany(text => RawSession.Extended(text)), .. RawSession.Extended("SELECT 2"),
                RawSession.Sync,
            ]);

            Assert.EndsWith("row 2; done SELECT 1; Z I", await session.AnswerAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_statement_behind_a_drop_of_all_names_that_fails_is_understood()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);
        await session.AskAsync("SELECT 1");

        await session.SendAsync(
        [
            .. RawSession.Extended("SELECT 1/0"), .. RawSession.Extended("DEALLOCATE ALL"), RawSession.Sync,
            .. RawSession.Extended("SET search_path = public"), .. RawSession.Extended("SELECT 2"),
            RawSession.Sync,
        ]);

        Assert.EndsWith("error 22012; Z I", await session.AnswerAsync(), StringComparison.Ordinal);
        Assert.EndsWith("row 2; done SELECT 1; Z I", await session.AnswerAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DEALLOCATE p")]
    [InlineData("EXECUTE p")]
    [InlineData("EXPLAIN EXECUTE p")]
    public async Task The_error_about_a_statement_that_is_gone_calls_it_as_its_client_does(string text)
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await RunAsync(connection, "PREPARE p AS SELECT 1");
        await using var again = new Npgsql.NpgsqlCommand(text, connection);
        await again.PrepareAsync(TestContext.Current.CancellationToken);
        await RunAsync(connection, "DEALLOCATE p");

        var error = await Assert.ThrowsAsync<Npgsql.PostgresException>(
            () => again.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));

        Assert.Equal(("26000", "prepared statement \"p\" does not exist"), (error.SqlState, error.MessageText));

        static async Task RunAsync(Npgsql.NpgsqlConnection connection, string text)
        {
            await using var command = new Npgsql.NpgsqlCommand(text, connection);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_function_call_behind_an_error_is_dropped_with_the_rest_of_its_pipeline()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);

        await session.SendAsync([RawSession.Parse("SELEKT"), RawSession.Bind(), RawSession.Execute()]);
        await session.SendAsync(Wire.Bytes.Message('F', new byte[10]));
        await session.SendAsync([.. RawSession.Extended("SELECT 5"), RawSession.Sync]);

        Assert.Equal("error 42601; Z I", await session.AnswerAsync());
    }

    [Fact]
    public async Task What_is_held_behind_its_Parse_locks_nothing()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);
        await session.ExtendedAsync("DELETE FROM orders WHERE id = 3");
        Assert.EndsWith("held", await session.AnswerAsync(), StringComparison.Ordinal);

        Assert.Equal(0L, await host.AskDirectlyAsync(
            "SELECT count(*) FROM pg_locks WHERE relation = 'orders'::regclass"));
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);
        Assert.Equal("done DELETE 1; Z I", await session.AnswerAsync());
    }

    [Fact]
    public async Task What_is_held_goes_on_in_its_pipeline()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);
        await session.SendAsync(
            RawSession.Parse("DELETE FROM orders WHERE id < 3 RETURNING id"), RawSession.Bind(),
            RawSession.Execute(maxRows: 1), RawSession.Execute(), RawSession.Sync);
        Assert.EndsWith("held", await session.AnswerAsync(), StringComparison.Ordinal);
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);

        Assert.Equal("row 1; s; row 2; done DELETE 1; Z I", await session.AnswerAsync());
    }

    [Fact]
    public async Task What_is_held_behind_a_read_of_its_pipeline_stays_in_its_transaction()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);
        await session.SendAsync(
        [
            .. RawSession.Extended("SELECT txid_current_if_assigned() IS NULL, pg_backend_pid() > 0"),
            .. RawSession.Extended("DELETE FROM orders WHERE id = 3"),
            .. RawSession.Extended("SELECT 1/0"), RawSession.Sync,
        ]);
        Assert.EndsWith("held", await session.AnswerAsync(), StringComparison.Ordinal);
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);

        Assert.EndsWith("error 22012; Z I", await session.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal(10L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task Who_says_good_bye_at_once_is_answered_before()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);

        await session.SendAsync(
            [.. RawSession.Extended("SELECT 6"), RawSession.Sync, static to => to.WriteTerminate()]);

        Assert.EndsWith("row 6; done SELECT 1; Z I", await session.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal("closed", await session.AnswerAsync());
    }
}
