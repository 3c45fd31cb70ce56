using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Tests.Postgres.Support;
using Countersign.Tests.Postgres.Wire;

namespace Countersign.Tests.Postgres.Bypass;

/// <summary>
/// A text means what the session's settings make of it, so the gate asks for them; here the session keeps it from
/// getting an answer (PG-07, PG-08).
/// </summary>
public sealed class SettingsTricksTests(PostgresServer server)
{
    /// <summary>Nothing but what the gate takes for the function of that name in pg_catalog.</summary>
    private const string Harmless = "SELECT lower('A')";

    /// <summary>The gate's question goes through all of the names, and so long it may not take.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_time_limit_too_short_for_the_gates_question_lets_nothing_through(bool mayWrite)
    {
        await using var prey = await Prey.SetAsync(server, mayWrite);
        await prey.Host.AskDirectlyAsync("ALTER FUNCTION evil.lower(text) SECURITY DEFINER");
        var names = string.Join(',', Enumerable.Range(0, 9000).Select(i => $"n{i}"));
        for (var milliseconds = 1; milliseconds <= 12; milliseconds++)
        {
            await using var session = await RawSession.OpenAsync(prey.Host);
            await session.AskAsync(Harmless);
            await session.AskAsync($"SET statement_timeout = {milliseconds}");
            var set = await session.AskAsync($"SET search_path = evil, pg_catalog, public, {names}");

            var answer = await session.AskAsync(Harmless);

            // Whether it was set before its own time was over depends on the machine.
            Assert.Matches(
                set.Contains("error 57014", StringComparison.Ordinal)
                    ? "^(T; row a; done SELECT 1; Z I|error 57014; Z I|error 08006; closed)$"
                    : "^(error 08006; closed|closed|.*held)$",
                answer);
            await prey.AssertUntouchedAsync();
        }
    }

    /// <summary>The same question, and the statement that asks it is not there any more.</summary>
    [Theory]
    [InlineData("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$", false)]
    [InlineData("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$", true)]
    [InlineData("SELECT tidy()", false)]
    [InlineData("SELECT tidy()", true)]
    [InlineData("CALL tidied()", false)]
    public async Task Code_that_drops_the_gates_statements_leaves_a_session_that_works(string code, bool isExtended)
    {
        await using var prey = await Prey.SetAsync(server, mayWrite: true);
        await prey.Host.AskDirectlyAsync("""
            ALTER FUNCTION evil.lower(text) SECURITY DEFINER;
            CREATE FUNCTION tidy() RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DEALLOCATE ALL'; RETURN 1; END $$;
            CREATE PROCEDURE tidied() LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$;
            """);
        await using var session = await RawSession.OpenAsync(prey.Host);
        Assert.EndsWith("Z I", await session.AskAsync(Harmless), StringComparison.Ordinal);
        var asked = isExtended ? AskExtendedAsync(session, code) : session.AskAsync(code);
        Assert.EndsWith("held", await asked, StringComparison.Ordinal);
        await prey.Host.DecideAsync(await prey.Host.UntilAsync(ActionState.Pending), Decision.Approve);
        Assert.Matches("^[^e]*done [A-Z0-9 ]+; Z I$", await session.AnswerAsync());
        await prey.Host.UntilAsync(ActionState.Succeeded);

        Assert.EndsWith(
            "Z I", await session.AskAsync("SET search_path = evil, pg_catalog, public"), StringComparison.Ordinal);
        Assert.EndsWith("held", await session.AskAsync(Harmless), StringComparison.Ordinal);
        Assert.Equal(10L, await prey.Host.AskDirectlyAsync("SELECT count(*) FROM orders"));
    }

    [Theory]
    [InlineData("\u00ff\u00fe", true)]
    [InlineData("SELECT 1", false)]
    [InlineData("SELECT 1\0SELECT 2", true)]
    public async Task A_query_that_is_none_is_answered_and_the_session_goes_on(string bytes, bool isEnded)
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);
        await session.SendAsync(Bytes.Message(
            'Q', [.. System.Text.Encoding.Latin1.GetBytes(bytes), .. isEnded ? new byte[] { 0 } : []]));

        Assert.Matches("^error (08P01|22021); Z I$", await session.AnswerAsync());
        Assert.EndsWith("done SELECT 1; Z I", await session.AskAsync("SELECT 1"), StringComparison.Ordinal);

        await session.AskAsync("BEGIN");
        await session.SendAsync(Bytes.Message('Q', [0xff, 0]));
        Assert.Matches("^error (08P01|22021); Z E$", await session.AnswerAsync());
    }

    /// <summary>What follows a setting in one text is read under it, and not under the one before.</summary>
    [Theory]
    [InlineData("SET search_path = evil, pg_catalog, public; SELECT lower('A')", true)]
    [InlineData("BEGIN; SET LOCAL search_path = evil, pg_catalog; SELECT lower('A'); COMMIT", true)]
    [InlineData("SET search_path = evil, pg_catalog; SELECT 1; SELECT lower('A')", true)]
    [InlineData("SELECT 1; SET search_path = evil, pg_catalog; SELECT lower('A')", true)]
    [InlineData("SET search_path = pg_catalog; SELECT lower('A')", false)]
    [InlineData("SET search_path = pg_catalog; SET TimeZone = 'UTC'; SELECT lower('A'); SELECT 2", false)]
    [InlineData("SET search_path = evil, pg_catalog; RESET ALL; SELECT lower('A')", false)]
    public async Task What_stands_behind_a_setting_means_what_that_makes_of_it(string text, bool isTrap)
    {
        await using var prey = await Prey.SetAsync(server, mayWrite: true);
        await using var session = await RawSession.OpenAsync(prey.Host);

        var answer = await session.AskAsync(text);

        Assert.EndsWith(isTrap ? "held" : "Z I", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("error", answer, StringComparison.Ordinal);
        Assert.Equal(!isTrap, answer.Contains("row a;", StringComparison.Ordinal));
        await prey.AssertUntouchedAsync();
    }

    [Fact]
    public async Task An_error_in_front_of_the_rest_ends_the_text_as_it_would_directly()
    {
        await using var prey = await Prey.SetAsync(server, mayWrite: true);
        await using var session = await RawSession.OpenAsync(prey.Host);

        Assert.Equal(
            "done SET; error 22023; Z I",
            await session.AskAsync("SET search_path = pg_catalog; SET TimeZone = 'nowhere'; SELECT lower('A')"));
        Assert.EndsWith("row a; done SELECT 1; Z I", await session.AskAsync(Harmless), StringComparison.Ordinal);
    }

    private static async Task<string> AskExtendedAsync(RawSession session, string text)
    {
        await session.ExtendedAsync(text);
        return await session.AnswerAsync();
    }
}
