using System.Text;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Access;
using Countersign.Tests.Postgres.Support;
using Npgsql;

namespace Countersign.Tests.Postgres;

/// <summary>A reviewer changes a statement while the session that sent it waits.</summary>
public sealed class RevisionTests(PostgresServer server)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_reviewer_made_of_it_runs_in_the_session_and_the_agent_is_told()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        var notices = new List<string>();
        connection.Notice += (_, said) => notices.Add(said.Notice.MessageText);
        await using var command = new NpgsqlCommand("DELETE FROM orders WHERE id > 2", connection);
        var deleting = command.ExecuteNonQueryAsync(Cancelled);
        var held = await host.UntilAsync(ActionState.Pending);

        var revised = await ReviseAsync(host, held, "DELETE FROM orders WHERE id > 8");
        Assert.Equal(2, revised.Preview?.Rows);
        await host.DecideAsync(revised, Decision.Approve);

        Assert.Equal(2, await deleting);
        Assert.Equal(8L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
        Assert.Contains(notices, notice => notice.Contains("CHANGED BEFORE IT RAN", StringComparison.Ordinal)
            && notice.Contains("Only the last two.", StringComparison.Ordinal));
        await using var after = new NpgsqlCommand("SELECT count(*) FROM orders", connection);
        Assert.Equal(8L, await after.ExecuteScalarAsync(Cancelled));
    }

    [Fact]
    public async Task Parameters_are_part_of_what_is_changed()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var command = new NpgsqlCommand("UPDATE orders SET total = $1 WHERE id = $2", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = 1000m });
        command.Parameters.Add(new NpgsqlParameter { Value = 3 });
        var updating = command.ExecuteNonQueryAsync(Cancelled);
        var held = await host.UntilAsync(ActionState.Pending);

        var revised = await ReviseAsync(host, held, "UPDATE orders SET total = $1 WHERE id = $2", """["10","4"]""");
        await host.DecideAsync(revised, Decision.Approve);

        Assert.Equal(1, await updating);
        Assert.Equal(30m, await host.AskDirectlyAsync("SELECT total FROM orders WHERE id = 3"));
        Assert.Equal(10m, await host.AskDirectlyAsync("SELECT total FROM orders WHERE id = 4"));
    }

    [Fact]
    public async Task A_driver_that_was_told_other_columns_is_not_given_these()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var command = new NpgsqlCommand("DELETE FROM orders WHERE id > 2 RETURNING id", connection);
        var deleting = command.ExecuteScalarAsync(Cancelled);
        var held = await host.UntilAsync(ActionState.Pending);

        var revised = await ReviseAsync(host, held, "DELETE FROM orders WHERE id > 8 RETURNING customer, id");
        await host.DecideAsync(revised, Decision.Approve);

        var error = await Assert.ThrowsAsync<PostgresException>(() => deleting);
        Assert.Contains("nothing was executed", error.MessageText, StringComparison.Ordinal);
        Assert.Equal(10L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
        await using var after = new NpgsqlCommand("SELECT count(*) FROM orders", connection);
        Assert.Equal(10L, await after.ExecuteScalarAsync(Cancelled));
    }

    [Fact]
    public async Task What_is_about_a_session_is_not_made_of_a_statement()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var command = new NpgsqlCommand("DELETE FROM orders", connection);
        var deleting = command.ExecuteNonQueryAsync(Cancelled);
        var held = await host.UntilAsync(ActionState.Pending);

        var (asking, problem) = await ReadAsync(host, held, "COMMIT", "[]");

        Assert.Null(asking);
        Assert.NotNull(problem);
        await host.DecideAsync(held, Decision.Deny);
        await Assert.ThrowsAsync<PostgresException>(() => deleting);
    }

    /// <summary>Bob makes another statement of it.</summary>
    internal static async Task<ActionRecord> ReviseAsync(
        PostgresHost host, ActionRecord held, string text, string parameters = "[]")
    {
        var (asking, problem) = await ReadAsync(host, held, text, parameters);
        Assert.True(asking is not null, problem?.Detail);
        return Assert.IsType<RevisionAnswer.Recorded>(await host.Office.Revisions.ReviseAsync(
            held.Id,
            new Voter(new PersonId("bob"), Assurance.Session),
            new Revision(held.Action.Digest, asking, "Only the last two."),
            Cancelled)).Record;
    }

    private static Task<(Asking? Asking, Problem? Problem)> ReadAsync(
        PostgresHost host, ActionRecord held, string text, string parameters)
    {
        Assert.True(CanonicalJson.TryCanonicalize(
            Encoding.UTF8.GetBytes(parameters), JsonLimits.Default, out var values, out _));
        var arguments = new CanonicalObject().Add("text", text).Add("parameters", values);
        if (held.Action.Arguments.TryGetMember("types", out var types))
        {
            arguments.Add("types", types);
        }

        return new RevisionReader(() => host.Charter, host.CompleteAsync)
            .ReadAsync(held, arguments.ToCanonicalJson(), Cancelled);
    }
}
