using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Gates.Postgres.Wire;
using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres.Bypass;

/// <summary>
/// Pipelines that make a gate believe something else of its database than what is there, with a baseline that may
/// write and with one that may not.
/// </summary>
public sealed class PipelineTricksTests(PostgresServer server)
{
    private const string Write = "DELETE FROM orders";

    /// <summary>Both dropped texts had the name for a moment, and the database has a third one under it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_statement_that_the_database_dropped_does_not_lend_its_verdict(bool mayWrite)
    {
        await using var prey = await Prey.SetAsync(server, mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        await session.SendAsync(RawSession.Parse(Write), RawSession.Sync);
        Assert.Equal("1; Z I", await session.AnswerAsync());
        await session.SendAsync(
            RawSession.Bind("missing"), RawSession.Parse("SELECT 1"), RawSession.Parse("SELECT 2"), RawSession.Sync);
        Assert.Equal("error 26000; Z I", await session.AnswerAsync());

        await session.SendAsync(RawSession.Bind(), RawSession.Execute(), RawSession.Sync);

        Assert.DoesNotContain("done", await session.AnswerAsync(), StringComparison.Ordinal);
        await prey.AssertUntouchedAsync();
    }

    /// <summary>Whether the statement of an earlier pipeline was taken is not known when it is bound.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_statement_of_a_pipeline_that_failed_does_not_lend_its_verdict(bool mayWrite)
    {
        await using var prey = await Prey.SetAsync(server, mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        await session.SendAsync(RawSession.Parse(Write), RawSession.Sync);
        Assert.Equal("1; Z I", await session.AnswerAsync());

        await session.SendAsync(
            RawSession.Bind("missing"), RawSession.Parse("SELECT 1"), RawSession.Sync,
            RawSession.Bind(), RawSession.Execute(), RawSession.Sync);

        Assert.Equal("error 26000; Z I", await session.AnswerAsync());
        Assert.DoesNotContain("done", await session.AnswerAsync(), StringComparison.Ordinal);
        await prey.AssertUntouchedAsync();
    }

    /// <summary>A portal that waits is bound to what people saw, or not at all.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_portal_does_not_wait_for_an_unnamed_statement_that_was_closed(bool mayWrite)
    {
        await using var prey = await Prey.SetAsync(server, mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        await session.SendAsync(
            RawSession.Parse("UPDATE orders SET total = 0 WHERE id = 1"), RawSession.Bind("", "c"), CloseStatement(""),
            RawSession.Parse(Write), RawSession.Execute("c"), RawSession.Sync);

        Assert.Equal("1; 2; 3; 1; error 34000; Z I", await session.AnswerAsync());
        await prey.AssertUntouchedAsync();
    }

    /// <summary>What a name in a text means is judged as it is when the statement runs.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_setting_between_Bind_and_Execute_is_judged_too(bool mayWrite)
    {
        const string rules = """
            version: 1
            default: deny
            rules:
              - id: notes
                when: sql.verbs == ["INSERT"] && sql.writes == ["public.notes"]
                then: allow
            """;
        await using var prey = await Prey.SetAsync(server, mayWrite, rules);
        await prey.Host.AskDirectlyAsync("""
            CREATE TABLE public.notes (id int);
            CREATE TABLE evil.notes (id int);
            GRANT ALL ON public.notes, evil.notes TO PUBLIC;
            """);
        await using var session = await RawSession.OpenAsync(prey.Host);

        await session.SendAsync(
        [
            RawSession.Parse("INSERT INTO notes VALUES (1)", "s"), RawSession.Bind("s", "c"),
            .. RawSession.Extended("SET search_path = evil"), RawSession.Execute("c"), RawSession.Sync,
        ]);

        Assert.Contains("error 42501", await session.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal(0L, await prey.Host.AskDirectlyAsync("SELECT count(*) FROM evil.notes"));
    }

    /// <summary>People made another statement of it, which is none of the client's and runs once.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_reviewers_made_of_a_statement_does_not_stay_behind_the_unnamed_one(bool mayWrite)
    {
        await using var prey = await Prey.SetAsync(server, mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        await session.SendAsync(RawSession.Parse("SELECT 7"), RawSession.Sync);
        Assert.Equal("1; Z I", await session.AnswerAsync());
        await session.SendAsync([.. RawSession.Extended("UPDATE orders SET total = 0", "s", "c"), RawSession.Sync]);
        Assert.EndsWith("held", await session.AnswerAsync(), StringComparison.Ordinal);
        var held = await prey.Host.UntilAsync(ActionState.Pending);
        var revised = await RevisionTests.ReviseAsync(
            prey.Host, held, "UPDATE orders SET total = total + 1 WHERE id = 1");
        await prey.Host.DecideAsync(revised, Decision.Approve);
        Assert.Contains("done UPDATE 1", await session.AnswerAsync(), StringComparison.Ordinal);

        await session.SendAsync(RawSession.Bind(), RawSession.Execute(), RawSession.Sync);

        Assert.DoesNotContain("UPDATE", await session.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal(11m, await prey.Host.AskDirectlyAsync("SELECT total FROM orders WHERE id = 1"));
    }

    /// <summary>Portals and cursors share their names, and what is fetched by SQL is in no record of reads.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_portal_is_not_read_by_SQL_past_the_record(bool mayWrite)
    {
        await using var prey = await Prey.SetAsync(server, mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        Assert.Equal("done BEGIN; Z T", await session.AskAsync("BEGIN"));
        await session.SendAsync(
            RawSession.Parse("SELECT ssn FROM secrets"), RawSession.Bind("", "c"),
            RawSession.Parse("FETCH ALL FROM c", "f"), RawSession.Sync);
        Assert.Equal("1; 2; 1; Z T", await session.AnswerAsync());
        Assert.Equal("done SAVEPOINT; Z T", await session.AskAsync("SAVEPOINT a"));

        await AssertUnreadAsync(session, () => session.QueryAsync("FETCH ALL FROM c"));
        await AssertUnreadAsync(session, () => session.QueryAsync("SELECT 1; FETCH ALL FROM c"));
        await AssertUnreadAsync(session, () => session.QueryAsync("EXECUTE f"));
        await AssertUnreadAsync(session, () => session.SendAsync(
            RawSession.Bind("f"), RawSession.Execute(), RawSession.Sync));
        await AssertUnreadAsync(session, () => session.SendAsync(
            [.. RawSession.Extended("EXECUTE f"), RawSession.Sync]));
        await session.SendAsync(RawSession.Execute("c"), RawSession.Sync);
        Assert.Equal("row 536-22-0009; done SELECT 1; Z T", await session.AnswerAsync());
    }

    private static async Task AssertUnreadAsync(RawSession session, Func<Task> send)
    {
        await send();
        var answer = await session.AnswerAsync();
        Assert.DoesNotContain("536-22-0009", answer, StringComparison.Ordinal);
        Assert.Contains("error ", answer, StringComparison.Ordinal);
        Assert.Equal("done ROLLBACK; Z T", await session.AskAsync("ROLLBACK TO a"));
    }

    /// <summary>The name is free at the database, where it is another one; the gate knows that it is not.</summary>
    [Theory]
    [InlineData("PREPARE s AS SELECT 2")]
    [InlineData("PREPARE s AS " + Write)]
    public async Task A_name_that_is_taken_stays_what_it_is(string again)
    {
        await using var prey = await Prey.SetAsync(server, mayWrite: true);
        await using var session = await RawSession.OpenAsync(prey.Host);
        Assert.Equal("done PREPARE; Z I", await session.AskAsync("PREPARE s AS SELECT 1"));

        Assert.Equal("error 42P05; Z I", await session.AskAsync(again));
        await session.ExtendedAsync(again);
        Assert.Equal("1; 2; error 42P05; Z I", await session.AnswerAsync());

        Assert.EndsWith("row 1; done SELECT 1; Z I", await session.AskAsync("EXECUTE s"), StringComparison.Ordinal);
        await prey.AssertUntouchedAsync();
    }

    /// <summary>The protocol's names and those of SQL are the same ones.</summary>
    [Fact]
    public async Task A_name_that_the_protocol_took_is_taken_for_SQL()
    {
        await using var prey = await Prey.SetAsync(server, mayWrite: true);
        await using var session = await RawSession.OpenAsync(prey.Host);
        await session.SendAsync(RawSession.Parse("SELECT 1", "s"), RawSession.Sync);
        Assert.Equal("1; Z I", await session.AnswerAsync());

        Assert.Equal("error 42P05; Z I", await session.AskAsync("PREPARE s AS SELECT 2"));
        await session.SendAsync(RawSession.Bind("s"), RawSession.Execute(), RawSession.Sync);

        Assert.Equal("2; row 1; done SELECT 1; Z I", await session.AnswerAsync());
    }

    [Fact]
    public async Task A_Close_that_the_database_dropped_closes_nothing()
    {
        await using var prey = await Prey.SetAsync(server, mayWrite: true);
        await using var session = await RawSession.OpenAsync(prey.Host);
        await session.SendAsync(RawSession.Parse("SELECT 1", "s"), RawSession.Sync);
        Assert.Equal("1; Z I", await session.AnswerAsync());

        await session.SendAsync(
            RawSession.Bind("missing"), CloseStatement("s"), RawSession.Sync,
            RawSession.Bind("s"), RawSession.Execute(), RawSession.Sync);

        Assert.Equal("error 26000; Z I", await session.AnswerAsync());
        Assert.Equal("2; row 1; done SELECT 1; Z I", await session.AnswerAsync());
    }

    [Fact]
    public async Task A_name_of_a_pipeline_that_failed_is_free_in_the_next_one()
    {
        await using var prey = await Prey.SetAsync(server, mayWrite: true);
        await using var session = await RawSession.OpenAsync(prey.Host);

        await session.SendAsync(
        [
            RawSession.Parse("SELECT nope", "s"), RawSession.Sync,
            .. RawSession.Extended("SELECT 1", "s"), RawSession.Sync,
        ]);

        Assert.Equal("error 42703; Z I", await session.AnswerAsync());
        Assert.Equal("1; 2; row 1; done SELECT 1; Z I", await session.AnswerAsync());
    }

    [Fact]
    public async Task A_portal_of_a_pipeline_that_ended_is_free_in_the_next_one()
    {
        await using var prey = await Prey.SetAsync(server, mayWrite: true);
        await using var session = await RawSession.OpenAsync(prey.Host);

        await session.SendAsync(
        [
            .. RawSession.Extended("SELECT 1", "", "c"), RawSession.Sync,
            .. RawSession.Extended("SELECT 2", "", "c"), RawSession.Sync,
        ]);

        Assert.Equal("1; 2; row 1; done SELECT 1; Z I", await session.AnswerAsync());
        Assert.Equal("1; 2; row 2; done SELECT 1; Z I", await session.AnswerAsync());
    }

    private static Action<WireWriter> CloseStatement(string name) =>
        to => to.WriteClose(Preparation.Statement, Encoding.UTF8.GetBytes(name));
}
