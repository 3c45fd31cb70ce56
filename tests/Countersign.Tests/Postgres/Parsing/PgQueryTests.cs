using System.Diagnostics;
using System.Text;
using Countersign.Gates.Postgres.Parsing;

namespace Countersign.Tests.Postgres.Parsing;

/// <summary>The child process, and what becomes of a server whose child dies, hangs or was never there.</summary>
public sealed class PgQueryTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_parses_writes_and_fingerprints()
    {
        await using var query = new PgQuery(PgQueryFixture.Options(), TimeProvider.System);

        Assert.StartsWith(
            "{\"version\":15", await DoneAsync(query, PgQueryVerb.Parse, "SELECT 1"), StringComparison.Ordinal);
        Assert.Equal("SELECT a FROM t", await DoneAsync(query, PgQueryVerb.Deparse, "select /* x */ A from t -- y"));
        Assert.Equal(
            await DoneAsync(query, PgQueryVerb.Fingerprint, "SELECT 1"),
            await DoneAsync(query, PgQueryVerb.Fingerprint, "SELECT 2"));
    }

    [Fact]
    public async Task A_wrong_text_is_answered_with_its_place_and_costs_no_child()
    {
        await using var query = new PgQuery(PgQueryFixture.Options(), TimeProvider.System);
        await DoneAsync(query, PgQueryVerb.Parse, "SELECT 1");
        var child = query.ChildId;

        var answer = await query.AskAsync(PgQueryVerb.Parse, "SELEC 1"u8.ToArray(), Stop);

        Assert.Equal(new PgQueryAnswer.Wrong("syntax error at or near \"SELEC\"", 1), answer);
        await DoneAsync(query, PgQueryVerb.Parse, "SELECT 1");
        Assert.Equal(child, query.ChildId);
    }

    [Fact]
    public async Task Requests_of_many_are_answered_each_with_its_own()
    {
        await using var query = new PgQuery(PgQueryFixture.Options(), TimeProvider.System);

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(
            i => DoneAsync(query, PgQueryVerb.Deparse, $"select {i}")));

        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"SELECT {i}"), answers);
    }

    [Fact]
    public async Task A_text_that_aborts_the_library_costs_one_request()
    {
        await using var query = new PgQuery(PgQueryFixture.Options(), TimeProvider.System);
        await DoneAsync(query, PgQueryVerb.Parse, "SELECT 1");
        var child = query.ChildId;

        // No limit of ours is before the child here: it recurses once per term.
        var terms = Encoding.UTF8.GetBytes("SELECT 1" + string.Concat(Enumerable.Repeat("+1", 1_000_000)));
        var abort = await query.AskAsync(PgQueryVerb.Deparse, terms, Stop);

        Assert.IsType<PgQueryAnswer.Failed>(abort);
        await DoneAsync(query, PgQueryVerb.Parse, "SELECT 1");
        Assert.NotEqual(child, query.ChildId);
    }

    [Fact]
    public async Task A_child_that_was_killed_is_replaced()
    {
        await using var query = new PgQuery(PgQueryFixture.Options(), TimeProvider.System);
        await DoneAsync(query, PgQueryVerb.Parse, "SELECT 1");
        using (var child = Process.GetProcessById(query.ChildId!.Value))
        {
            child.Kill();
            await child.WaitForExitAsync(Stop);
        }

        await DoneAsync(query, PgQueryVerb.Parse, "SELECT 1");
    }

    [Fact]
    public async Task A_child_that_hangs_is_ended_and_the_next_one_answers()
    {
        var options = PgQueryFixture.Options();
        var time = new PlayedTimers(options.Time);
        await using var query = new PgQuery(options, time);
        await DoneAsync(query, PgQueryVerb.Parse, "SELECT 1");
        using var child = Process.GetProcessById(query.ChildId!.Value);
        using (var stop = Process.Start("kill", ["-STOP", $"{child.Id}"]))
        {
            await stop.WaitForExitAsync(Stop);
        }

        var asked = query.AskAsync(PgQueryVerb.Parse, "SELECT 1"u8.ToArray(), Stop);
        time.EndLimit();

        var failed = Assert.IsType<PgQueryAnswer.Failed>(await asked);
        Assert.Contains("did not answer within 60 s", failed.Why, StringComparison.Ordinal);
        await child.WaitForExitAsync(Stop);
        await DoneAsync(query, PgQueryVerb.Parse, "SELECT 1");
    }

    [Theory]
    [InlineData("/nowhere/countersign")]
    [InlineData("/bin/true")]
    [InlineData("/bin/false")]
    public async Task A_child_that_cannot_be_started_is_a_refused_request_and_started_ever_more_seldom(string program)
    {
        var options = PgQueryFixture.Options() with { Program = program };
        var time = new PlayedTimers(options.Time);
        await using var query = new PgQuery(options, time);

        for (var i = 0; i < 8; i++)
        {
            Assert.IsType<PgQueryAnswer.Failed>(await query.AskAsync(PgQueryVerb.Parse, "SELECT 1"u8.ToArray(), Stop));
        }

        Assert.Equal([100, 200, 400, 800, 1600, 2000], time.Waits.Select(wait => wait.TotalMilliseconds));
    }

    [Fact]
    public async Task A_child_that_speaks_nonsense_is_ended()
    {
        // It reads the request's head; then its answer begins with a length of 2 GB.
        await using var query = new PgQuery(
            PgQueryFixture.Options() with { Program = "/bin/sh", Before = ["-c", "head -c 5 >&2; echo ~~~~~~~~~~~"] },
            TimeProvider.System);

        var failed = Assert.IsType<PgQueryAnswer.Failed>(
            await query.AskAsync(PgQueryVerb.Parse, "SELECT 1"u8.ToArray(), Stop));
        Assert.Contains("length", failed.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_child_knows_no_secret_of_the_server()
    {
        Environment.SetEnvironmentVariable("COUNTERSIGN_TEST_SECRET", "secret");
        await using var query = new PgQuery(PgQueryFixture.Options(), TimeProvider.System);
        await DoneAsync(query, PgQueryVerb.Parse, "SELECT 1");

        Assert.DoesNotContain(
            "COUNTERSIGN_TEST_SECRET",
            await File.ReadAllTextAsync($"/proc/{query.ChildId}/environ", Stop),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_child_ends_with_its_last_user()
    {
        var query = new PgQuery(PgQueryFixture.Options(), TimeProvider.System);
        await DoneAsync(query, PgQueryVerb.Parse, "SELECT 1");
        using var child = Process.GetProcessById(query.ChildId!.Value);

        await query.DisposeAsync();

        await child.WaitForExitAsync(Stop);
        await Assert.ThrowsAsync<ObjectDisposedException>(
            () => query.AskAsync(PgQueryVerb.Parse, "SELECT 1"u8.ToArray(), Stop));
    }

    [Fact]
    public void A_library_that_was_named_and_is_not_there_is_not_replaced_by_another() =>
        Assert.Null(PgQueryLibrary.Find(_ => "/nowhere/libpg_query.so"));

    private static async Task<string> DoneAsync(PgQuery query, PgQueryVerb verb, string text)
    {
        var answer = await query.AskAsync(verb, Encoding.UTF8.GetBytes(text), Stop);
        return Encoding.UTF8.GetString(Assert.IsType<PgQueryAnswer.Done>(answer).Content);
    }
}
