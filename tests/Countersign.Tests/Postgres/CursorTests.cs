using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Tests.Postgres.Bypass;
using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres;

/// <summary>Rows that come by FETCH are reads like others: counted, and recorded before they leave.</summary>
public sealed class CursorTests(PostgresServer server)
{
    private const string Declare = "DECLARE c CURSOR FOR SELECT id FROM orders ORDER BY id";

    [Fact]
    public async Task What_is_fetched_is_recorded_with_its_rows_and_the_verdict_of_its_cursor()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);
        await session.AskAsync("BEGIN");
        await session.AskAsync(Declare);

        Assert.EndsWith("done FETCH 3; Z T", await session.AskAsync("FETCH 3 FROM c"), StringComparison.Ordinal);
        var simple = LastOf(host);
        await session.ExtendedAsync("FETCH 4 FROM c");
        Assert.EndsWith("done FETCH 4; Z T", await session.AnswerAsync(), StringComparison.Ordinal);

        AssertFetched("FETCH 3 FROM c", 3, simple);
        AssertFetched("FETCH 4 FROM c", 4, LastOf(host));
    }

    [Fact]
    public async Task What_is_fetched_from_a_cursor_that_people_approved_is_recorded()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);
        await session.AskAsync("BEGIN");
        Assert.EndsWith(
            "held", await session.AskAsync(Declare.Replace("BY id", "BY id FOR UPDATE")), StringComparison.Ordinal);
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);
        await session.AnswerAsync();

        Assert.EndsWith("done FETCH 2; Z T", await session.AskAsync("FETCH 2 FROM c"), StringComparison.Ordinal);
        AssertFetched("FETCH 2 FROM c", 2, LastOf(host));
    }

    [Fact]
    public async Task Rows_whose_FETCH_cannot_be_recorded_do_not_leave()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);
        await session.AskAsync("BEGIN");
        await session.AskAsync(Declare);
        host.Faults.FailOn(EntryType.ActionExecuted);

        await session.QueryAsync("FETCH ALL FROM c");

        Assert.DoesNotContain("row", await session.AnswerAsync(), StringComparison.Ordinal);
        host.Faults.Heal();
    }

    private static void AssertFetched(string text, int rows, string entry)
    {
        Assert.Contains($"\"text\":\"{text}\"", entry, StringComparison.Ordinal);
        Assert.Matches($@"\[0,0,\[\],{rows},\d+,\d+\]", entry);
        Assert.Contains("public.orders", entry, StringComparison.Ordinal);
    }

    private static string LastOf(PostgresHost host) => Encoding.UTF8.GetString(
        host.Store.Entries.Last(entry => entry.Type == EntryType.ActionExecuted).Payload.Span);
}
