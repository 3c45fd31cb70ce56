using System.Security.Cryptography;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Gates.Postgres;
using Countersign.Gates.Postgres.Statements;
using Countersign.Tests.Postgres.Bypass;
using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres;

/// <summary>What a session knows of its statements, and what an action says of its session.</summary>
public sealed class SessionTests(PostgresServer server)
{
    private const string Sensitive = "DELETE FROM orders WHERE id <= 3";

    [Fact]
    public void What_nobody_looked_at_is_not_read_only()
    {
        Assert.False(Effects.None.IsReadOnly);
        Assert.True((Effects.None with { Verbs = Effects.None.Verbs.Add("SELECT") }).IsReadOnly);
    }

    [Fact]
    public async Task The_reason_may_come_by_the_extended_protocol()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);
        await session.ExtendedAsync("SET countersign.reason = 'spring cleaning'");
        Assert.EndsWith("done SET; Z I", await session.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal("held", await session.AskAsync(Sensitive));

        Assert.Equal("spring cleaning", (await host.UntilAsync(ActionState.Pending)).Claimed.Reason);
    }

    [Fact]
    public async Task PREPARE_by_the_extended_protocol_can_be_executed()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);
        await session.ExtendedAsync("PREPARE p AS SELECT 7");
        Assert.EndsWith("done PREPARE; Z I", await session.AnswerAsync(), StringComparison.Ordinal);

        Assert.EndsWith("row 7; done SELECT 1; Z I", await session.AskAsync("EXECUTE p"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SELECT repeat('x', 1000000)")]
    [InlineData("SELECT repeat('x', 1000000) FROM orders FOR UPDATE")]
    public async Task A_row_of_any_size_is_passed_on(string text)
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);
        var answer = await session.AskAsync(text);
        if (answer == "held")
        {
            await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);
            answer = await session.AnswerAsync();
        }

        Assert.Contains($"row {new string('x', 1_000_000)}; ", answer, StringComparison.Ordinal);
        Assert.EndsWith("; Z I", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SELECT 1; SELECT * FROM missing", "error 42P01; Z I")]
    [InlineData("DELETE FROM orders WHERE id = 1; SELECT * FROM missing", "error 42P01; Z I")]
    [InlineData("BEGIN; SELECT * FROM missing; COMMIT", "error 42P01; Z I")]
    [InlineData("SELECT * FROM missing", "error 42P01; Z I")]
    [InlineData("CREATE TABLE missing (id int); SELECT * FROM missing", "held")]
    [InlineData("SET search_path = other; SELECT * FROM missing", "done SET; error 42P01; Z I")]
    public async Task A_wrong_statement_of_a_list_gets_the_databases_own_error(string text, string expected)
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);

        Assert.Equal(expected, await session.AskAsync(text));
        Assert.Equal(10L, await host.AskDirectlyAsync("SELECT count(*) FROM orders"));
    }

    [Theory]
    [InlineData("SELECT 1", null)]
    [InlineData("SET TimeZone = 'Etc/UTC'", null)]
    [InlineData("SET TimeZone = 'Europe/Berlin'", """{"time_zone":"Europe/Berlin"}""")]
    [InlineData("SET DateStyle = 'SQL, DMY'", """{"date_style":"SQL, DMY"}""")]
    public async Task An_action_says_which_settings_are_unusual(string before, string? settings)
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);
        await session.AskAsync("SET TimeZone = 'UTC'");
        await session.AskAsync(before);
        Assert.Equal("held", await session.AskAsync(Sensitive));

        var arguments = (await host.UntilAsync(ActionState.Pending)).Action.Arguments.ToString();
        Assert.Equal(settings is not null, arguments.Contains("\"settings\"", StringComparison.Ordinal));
        Assert.Contains(settings ?? "", arguments, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_at_the_database_are_those_of_one_session_alone()
    {
        var (one, two) = (NewNames(), NewNames());
        var name = one.ServerNameFor("s");

        Assert.NotEqual(name, one.ServerNameFor("s"));
        Assert.NotEqual(name, two.ServerNameFor("s"));
        Assert.Matches("^countersign_[0-9a-f]{32}1$", name);
        Assert.NotEqual(one.Missing, two.Missing);
        Assert.All(
            (string[])[one.Missing, one.ServerNameFor(OwnStatement.ResetRole), one.ServerNameFor(OwnStatement.Meaning)],
            own => Assert.InRange(own.Length, 1, 63));
        Assert.Equal("", one.ServerNameFor(""));

        static Names NewNames() => new(new PostgresLimits(), RandomNumberGenerator.Fill);
    }
}
