using System.Net;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>FLT-40: a store that once met a clock ten years ahead, and the clock is right again.</summary>
public sealed class ClockTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_store_ahead_of_the_clock_decides_nothing_until_somebody_accepts_the_clock()
    {
        await using var bench = await Bench.StartAsync(Cancel);
        var asked = await bench.Agent.AskAsync("ops", "restart_service", """{"id":1}""", Cancel);
        await bench.Product.StopAsync(Cancel);
        StoreFile.Run(
            bench.Product.Folder.Database,
            $"UPDATE log_head SET clock = clock + {TimeSpan.FromDays(3652).Ticks}");
        await bench.Product.StartAgainAsync(Cancel);

        var ready = await bench.Agent.GetAsync("readyz", Cancel);
        var voted = await bench.Alice.VoteAsync(asked.Id!, "approve", Cancel);
        var listed = await bench.Alice.GetAsync("v1/actions", Cancel);
        var tooEarly = await AcceptAsync(bench);
        await bench.Product.StopAsync(Cancel);
        var accepted = await AcceptAsync(bench);
        var twice = await AcceptAsync(bench);
        await bench.Product.StartAgainAsync(Cancel);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.Status);
        Assert.Contains("accept-clock", ready.Json.GetProperty("store").GetString(), StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (voted.Status, voted.Problem));
        Assert.Equal(HttpStatusCode.OK, listed.Status);
        Assert.Equal(13, tooEarly.ExitCode);
        Assert.Contains("Stop the other countersign", tooEarly.Errors, StringComparison.Ordinal);
        Assert.True(accepted.ExitCode == 0, accepted.ToString());
        Assert.Contains("Requests superseded: 1.", accepted.Output, StringComparison.Ordinal);
        Assert.Equal(1, twice.ExitCode);
        Assert.Contains("nothing to accept", twice.Errors, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.OK, (await bench.Agent.GetAsync("readyz", Cancel)).Status);
        var again = await bench.Agent.AskAsync("ops", "restart_service", """{"id":1}""", Cancel);
        await bench.Alice.VoteAsync(again.Id!, "approve", Cancel);
        Assert.Equal("succeeded", (await bench.Agent.WaitForEndAsync(again.Id!, Cancel)).State);
        Assert.NotEqual(asked.Id, again.Id);
        Assert.Equal("superseded", (await bench.Alice.ShowAsync(asked.Id!, Cancel)).State);
        Assert.Single(bench.Upstream.Calls);
        await bench.Product.VerifyLedgerAsync(Cancel);
    }

    private static Task<ProgramResult> AcceptAsync(Bench bench) => bench.Product.RunAsync(
        "ALICE", Cancel, "ledger", "accept-clock", "--config", bench.Product.Folder.Configuration);
}
