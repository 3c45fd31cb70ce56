using System.Buffers.Binary;
using System.Text;
using Countersign.Core.Actions;
using Countersign.Gates.Postgres.Wire;
using Countersign.Tests.Postgres.Wire;

namespace Countersign.Tests.Postgres.Bypass;

/// <summary>
/// Tricks that no driver plays: messages, names and lengths that nobody expects. Each is played where the session's own
/// rights would allow the write, and where they would not.
/// </summary>
public sealed class WireTricksTests(BothPreys preys) : IClassFixture<BothPreys>
{
    private const string Sensitive = "DELETE FROM orders WHERE id <= 3";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_function_is_not_called_by_its_number(bool mayWrite)
    {
        var prey = preys.Of(mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        var oid = (uint)(await prey.Host.AskDirectlyAsync("SELECT 'evil.wipe()'::regprocedure::oid"))!;
        var body = new byte[10];
        BinaryPrimitives.WriteUInt32BigEndian(body, oid);
        await session.SendAsync(Bytes.Message('F', body));

        Assert.Equal("error 0A000; Z I", await session.AnswerAsync());
        await prey.AssertUntouchedAsync();
    }

    [Theory]
    [InlineData("s2", true)]
    [InlineData("s2", false)]
    [InlineData("countersign_1", true)]
    [InlineData("countersign_1", false)]
    [InlineData("countersign_begin", true)]
    [InlineData("countersign_begin", false)]
    public async Task A_statement_prepared_in_SQL_is_bound_only_as_what_it_is(string name, bool mayWrite)
    {
        var prey = preys.Of(mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        Assert.Equal("done PREPARE; Z I", await session.AskAsync($"PREPARE {name} AS DELETE FROM orders"));
        await session.SendAsync(RawSession.Bind(name), RawSession.Execute(), RawSession.Sync);

        Assert.EndsWith("held", await session.AnswerAsync(), StringComparison.Ordinal);
        await prey.AssertUntouchedAsync();
    }

    [Theory]
    [InlineData("s3", true)]
    [InlineData("s3", false)]
    [InlineData("countersign_1", true)]
    [InlineData("countersign_1", false)]
    [InlineData("countersign_begin", true)]
    [InlineData("countersign_begin", false)]
    [InlineData("countersign_refuses", true)]
    [InlineData("countersign_refuses", false)]
    public async Task SQL_executes_a_statement_of_the_protocol_only_as_what_it_is(string name, bool mayWrite)
    {
        var prey = preys.Of(mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        await session.SendAsync(RawSession.Parse("DELETE FROM orders", name), RawSession.Sync);
        Assert.EndsWith("Z I", await session.AnswerAsync(), StringComparison.Ordinal);

        Assert.EndsWith("held", await session.AskAsync($"EXECUTE {name}"), StringComparison.Ordinal);
        await prey.AssertUntouchedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_portal_under_the_gates_own_name_ends_in_an_error(bool mayWrite)
    {
        var prey = preys.Of(mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        await session.SendAsync(
        [
            .. RawSession.Extended("SELECT 1", portal: "countersign"),
            .. RawSession.Extended(Sensitive, portal: "x"), RawSession.Sync,
        ]);

        await session.AnswerAsync();
        await prey.AssertUntouchedAsync();
        await using var other = await RawSession.OpenAsync(prey.Host);
        Assert.EndsWith("Z I", await other.AskAsync("SELECT 1"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_name_in_a_list_does_not_lead_to_another_statement(bool mayWrite)
    {
        var prey = preys.Of(mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        await session.SendAsync(
            RawSession.Parse("SELECT 1", "countersign_2"), RawSession.Parse("DELETE FROM orders", "x"),
            RawSession.Sync);
        await session.AnswerAsync();

        Assert.Equal("error 0A000; Z I", await session.AskAsync("SELECT 1; EXECUTE countersign_2"));
        await prey.AssertUntouchedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_portal_of_a_replaced_statement_never_runs_its_successor(bool mayWrite)
    {
        var prey = preys.Of(mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        await session.SendAsync(
            RawSession.Parse(Sensitive), RawSession.Bind(portal: "a"), RawSession.Parse("DELETE FROM orders"),
            RawSession.Execute("a"), RawSession.Sync);

        Assert.Equal("1; 2; 1; error 34000; Z I", await session.AnswerAsync());
        await prey.AssertUntouchedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_portal_that_passed_keeps_the_statement_that_it_was_bound_to(bool mayWrite)
    {
        var prey = preys.Of(mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        await session.SendAsync(
            RawSession.Parse("SELECT 7"), RawSession.Bind(portal: "a"), RawSession.Parse("DELETE FROM orders"),
            RawSession.Execute("a"), RawSession.Sync);

        Assert.Equal("1; 2; 1; row 7; done SELECT 1; Z I", await session.AnswerAsync());
        await prey.AssertUntouchedAsync();
    }

    [Theory]
    [InlineData("SET search_path = evil, pg_catalog", "SELECT lower('A')", true)]
    [InlineData("SET search_path = evil, pg_catalog", "SELECT lower('A')", false)]
    [InlineData("SET search_path = evil, pg_catalog", "SELECT 1 + 1", true)]
    [InlineData("SET search_path = evil, pg_catalog", "SELECT 1 + 1", false)]
    [InlineData("SET search_path = evil, pg_catalog", "SELECT * FROM orders", true)]
    [InlineData("SET search_path = evil, pg_catalog", "SELECT * FROM orders", false)]
    public async Task A_setting_counts_for_what_is_sent_behind_it(string setting, string text, bool mayWrite)
    {
        var prey = preys.Of(mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        var before = await session.AskAsync("SELECT lower('A'), 1 + 1 FROM orders");
        Assert.EndsWith("Z I", before, StringComparison.Ordinal);
        await session.SendAsync(
            [.. RawSession.Extended(setting), .. RawSession.Extended(text), RawSession.Sync]);

        Assert.EndsWith("held", await session.AnswerAsync(), StringComparison.Ordinal);
        await prey.AssertUntouchedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_setting_that_an_error_takes_back_does_not_count_behind_it(bool mayWrite)
    {
        var prey = preys.Of(mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        await session.AskAsync("SET search_path = evil, pg_catalog");
        await session.SendAsync(
        [
            .. RawSession.Extended("SET search_path = public"), RawSession.Parse("SELECT 7"),
            .. RawSession.Extended("SELECT 1/0"), RawSession.Sync,
            .. RawSession.Extended("SELECT lower('A')"), RawSession.Sync,
        ]);
        await session.AnswerAsync();

        Assert.EndsWith("held", await session.AnswerAsync(), StringComparison.Ordinal);
        await prey.AssertUntouchedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_statement_prepared_under_other_settings_is_read_again(bool mayWrite)
    {
        var prey = preys.Of(mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        await session.SendAsync(RawSession.Parse("SELECT lower('A')", "s"), RawSession.Sync);
        await session.AnswerAsync();
        await session.AskAsync("SET search_path = evil, pg_catalog");
        await session.SendAsync(RawSession.Bind("s"), RawSession.Execute(), RawSession.Sync);

        Assert.EndsWith("held", await session.AnswerAsync(), StringComparison.Ordinal);
        await prey.AssertUntouchedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_message_holds_one_statement(bool mayWrite)
    {
        var prey = preys.Of(mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        await session.ExtendedAsync("SELECT 1; DELETE FROM orders");

        Assert.Equal("error 42601; Z I", await session.AnswerAsync());
        await prey.AssertUntouchedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_write_among_a_thousand_pipelined_reads_waits_alone(bool mayWrite)
    {
        const int reads = 500;
        var prey = preys.Of(mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        var read = RawSession.Extended("SELECT 7");
        await session.SendAsync(
        [
            .. Enumerable.Repeat(read, reads).SelectMany(messages => messages), .. RawSession.Extended(Sensitive),
            .. Enumerable.Repeat(read, reads).SelectMany(messages => messages), RawSession.Sync,
        ]);

        Assert.EndsWith("held", await session.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal(reads, session.Heard.Count(message => message == "row 7"));
        await prey.AssertUntouchedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_write_behind_an_error_is_dropped_until_Sync(bool mayWrite)
    {
        var prey = preys.Of(mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        await session.SendAsync(
        [
            .. RawSession.Extended("SELECT 1/0"), .. RawSession.Extended(Sensitive), RawSession.Sync,
            .. RawSession.Extended(Sensitive), RawSession.Sync,
        ]);

        Assert.EndsWith("error 22012; Z I", await session.AnswerAsync(), StringComparison.Ordinal);
        Assert.EndsWith("held", await session.AnswerAsync(), StringComparison.Ordinal);
        await prey.AssertUntouchedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_simple_query_behind_messages_without_Sync_is_held_too(bool mayWrite)
    {
        var prey = preys.Of(mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        await session.SendAsync(
            [.. RawSession.Extended("SELECT 1"), to => to.WriteQuery(Encoding.UTF8.GetBytes(Sensitive))]);

        Assert.EndsWith("held", await session.AnswerAsync(), StringComparison.Ordinal);
        await prey.AssertUntouchedAsync();
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(0, false)]
    [InlineData(3, true)]
    [InlineData(3, false)]
    [InlineData(-1, true)]
    [InlineData(-1, false)]
    [InlineData(int.MinValue, true)]
    [InlineData(int.MinValue, false)]
    [InlineData(int.MaxValue, true)]
    [InlineData(int.MaxValue, false)]
    [InlineData(1024 * 1024 * 1024, true)]
    [InlineData(1024 * 1024 * 1024, false)]
    public async Task An_impossible_length_ends_the_connection(int length, bool mayWrite)
    {
        var prey = preys.Of(mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        await session.SendAsync([.. Bytes.Message('Q', length, "DELETE FROM orders\0"u8.ToArray())]);

        Assert.Equal("error 08P01; closed", await session.AnswerAsync());
        await prey.AssertUntouchedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Counts_of_a_Bind_are_those_of_its_bytes(bool mayWrite)
    {
        var prey = preys.Of(mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        byte[] negative = [0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xfe, 0, 0];
        byte[] missing = [0, 0, 0, 0, 0xff, 0xff, 0, 0];
        foreach (var body in (byte[][])[negative, missing])
        {
            await session.SendAsync(
            [
                .. Bytes.Of(RawSession.Parse("SELECT $1::int")), .. Bytes.Message('B', body),
                .. Bytes.Of(RawSession.Sync),
            ]);
            Assert.Contains("error 08P01", await session.AnswerAsync(), StringComparison.Ordinal);
        }

        await prey.AssertUntouchedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Data_of_a_COPY_that_failed_is_no_query(bool mayWrite)
    {
        var prey = preys.Of(mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        Assert.EndsWith("held", await session.AskAsync("COPY orders FROM STDIN"), StringComparison.Ordinal);
        await session.SendAsync(
            to => to.WriteCopyData("Q\0\0\0\u0017DELETE FROM orders\0"u8), to => to.WriteCopyDone());
        await prey.AssertUntouchedAsync();
    }

    [Theory]
    [InlineData("database", true)]
    [InlineData("database", false)]
    [InlineData("true", true)]
    [InlineData("true", false)]
    public async Task Replication_is_no_way_in(string value, bool mayWrite)
    {
        var prey = preys.Of(mayWrite);
        await using var session = await RawSession.ConnectAsync(prey.Host);
        await session.SendAsync(to => to.WriteStartupMessage(
            3 << 16, [new("user", "bot"), new("database", "orders"), new("replication", value)]));

        Assert.DoesNotContain("Z", string.Join("; ", session.Heard), StringComparison.Ordinal);
        Assert.StartsWith("error ", await session.AnswerAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_guessed_key_cancels_nothing(bool mayWrite)
    {
        var prey = preys.Of(mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        Assert.EndsWith("held", await session.AskAsync(Sensitive), StringComparison.Ordinal);
        for (var guess = 0; guess < 20; guess++)
        {
            await using var other = await RawSession.ConnectAsync(prey.Host);
            await other.SendAsync(to => to.WriteCancelRequest(1, new byte[4]));
            Assert.Equal("closed", await other.AnswerAsync());
        }

        Assert.Contains(prey.Host.Store.Actions, row => row.State == ActionState.Pending);
        Assert.Equal("held", session.Heard[^1]);
    }
}
