using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres.Bypass;

/// <summary>
/// The bypass catalogue through the gate as it stands: each trick is held or refused, by either protocol, and nothing
/// in the database changes, whether the session's own rights would allow it or not.
/// </summary>
public sealed class CatalogueTests(PostgresServer server)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_trick_of_the_catalogue_runs_unasked(bool mayWrite)
    {
        await using var prey = await Prey.SetAsync(server, mayWrite);
        var escaped = new List<string>();
        foreach (var (item, text) in Tricks.All)
        {
            await TryAsync(prey, $"PG-{item:00} Q {text}", session => session.QueryAsync(text), escaped);
            await TryAsync(prey, $"PG-{item:00} P {text}", session => session.ExtendedAsync(text), escaped);
        }

        Assert.Empty(escaped);
        await prey.AssertUntouchedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_sequence_of_queries_leads_around_the_gate(bool mayWrite)
    {
        await using var prey = await Prey.SetAsync(server, mayWrite);
        var escaped = new List<string>();
        foreach (var (item, texts) in Tricks.Sequences)
        {
            await using var session = await RawSession.OpenAsync(prey.Host);
            var last = "";
            foreach (var text in texts)
            {
                last = await session.AskAsync(text);
                if (IsOver(last))
                {
                    break;
                }
            }

            if (!IsStopped(last) || !await prey.IsUntouchedAsync())
            {
                escaped.Add($"PG-{item:00} {string.Join(" / ", texts)} -> {last}");
            }
        }

        Assert.Empty(escaped);
    }

    /// <summary>PG-24: with standard_conforming_strings on, as it is pinned, these are two strings.</summary>
    [Fact]
    public async Task A_backslash_does_not_hide_the_end_of_a_string()
    {
        await using var prey = await Prey.SetAsync(server, mayWrite: true);
        await using var session = await RawSession.OpenAsync(prey.Host);

        var answer = await session.AskAsync(@"SELECT 'a\', 'b; DELETE FROM orders; --'");

        Assert.Contains(@"row a\,b; DELETE FROM orders; --; done SELECT 1", answer, StringComparison.Ordinal);
        await prey.AssertUntouchedAsync();
    }

    /// <summary>
    /// PG-14: what the tricks with dblink would do, if a policy let them. It is another session that writes, so neither
    /// the rights of this one nor its read-only transaction are in the way.
    /// </summary>
    [Fact]
    public async Task Dblink_writes_for_a_session_that_may_not()
    {
        const string allowAll = """
            version: 1
            default: deny
            rules: [ { id: all, when: "true", then: allow } ]
            """;
        await using var prey = await Prey.SetAsync(server, mayWrite: false, allowAll);
        await using var session = await RawSession.OpenAsync(prey.Host);

        await session.AskAsync("BEGIN READ ONLY");
        var answer = await session.AskAsync("SELECT dblink_exec('here', 'DELETE FROM public.orders WHERE id = 1')");

        Assert.Contains("row DELETE 1", answer, StringComparison.Ordinal);
        Assert.False(await prey.IsUntouchedAsync());
    }

    private static async Task TryAsync(
        Prey prey, string label, Func<RawSession, Task> send, List<string> escaped)
    {
        await using var session = await RawSession.OpenAsync(prey.Host);
        await send(session);
        var answer = await session.AnswerAsync();
        if (!IsStopped(answer) || !await prey.IsUntouchedAsync())
        {
            escaped.Add($"{label} -> {answer}");
        }
    }

    private static bool IsStopped(string answer) =>
        IsOver(answer) || answer.Contains("error ", StringComparison.Ordinal);

    private static bool IsOver(string answer) =>
        answer.EndsWith("held", StringComparison.Ordinal) || answer.EndsWith("closed", StringComparison.Ordinal);
}
