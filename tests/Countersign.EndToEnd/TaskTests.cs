using System.Text.Json;
using Countersign.EndToEnd.Clients;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>Tasks of the built product: they outlive their clients and the server, and belong to who asked.</summary>
public sealed class TaskTests : IAsyncLifetime
{
    private Bench _bench = null!;
    private TaskCaller _asker = null!;
    private TaskCaller _stranger = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _bench = await Bench.StartAsync(Cancel);
        _asker = new TaskCaller(_bench.Product.Mcp("ops"), ProductFolder.TokenOf("DEPLOY_BOT"));
        _stranger = new TaskCaller(_bench.Product.Mcp("ops"), ProductFolder.TokenOf("OTHER_BOT"));
    }

    public ValueTask DisposeAsync()
    {
        _asker.Dispose();
        _stranger.Dispose();
        return _bench.DisposeAsync();
    }

    [Fact]
    public async Task Killed_between_task_and_approval_it_runs_once_with_nobody_there_and_tells_its_result()
    {
        var id = await _asker.BeginAsync("restart_service", """{"name":"killed", "n":1.0}""", Cancel);
        await _bench.Product.KillAsync();
        await _bench.Product.StartAgainAsync(Cancel);
        await ApproveAsync();
        var action = await _bench.Alice.FindAsync("succeeded", Cancel);
        await _bench.Product.KillAsync();
        await _bench.Product.StartAgainAsync(Cancel);

        var task = await _asker.UntilOverAsync(id, Cancel);

        Assert.Equal("completed", task.GetProperty("status").GetString());
        Assert.Equal("ran restart_service", TextOf(task));
        Assert.Equal("mcp", action.GetProperty("via").GetString());
        Assert.Equal("""{"n":1,"name":"killed"}""", Assert.Single(_bench.Upstream.Calls).Arguments);
        await _bench.Product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task Killed_while_it_runs_its_outcome_is_unknown_and_nothing_is_sent_again()
    {
        _bench.Upstream.Reply = async (_, cancelled) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancelled);
            return new UpstreamReply.Dropped();
        };
        var id = await _asker.BeginAsync("restart_service", """{"name":"running"}""", Cancel);
        await ApproveAsync();
        await _bench.Upstream.NextCallAsync(Cancel);
        await _bench.Product.KillAsync();
        await _bench.Product.StartAgainAsync(Cancel);

        var task = await _asker.UntilOverAsync(id, Cancel);

        Assert.Equal("completed", task.GetProperty("status").GetString());
        Assert.True(task.GetProperty("result").GetProperty("isError").GetBoolean());
        Assert.StartsWith("UNKNOWN OUTCOME of act_", TextOf(task), StringComparison.Ordinal);
        Assert.Single(_bench.Upstream.Calls);
        await _bench.Product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task A_stranger_learns_and_changes_nothing()
    {
        var id = await _asker.BeginAsync("restart_service", """{"name":"mine"}""", Cancel);

        var known = new List<string>();
        var unknown = new List<string>();
        foreach (var method in new[] { "get", "update", "cancel" })
        {
            known.Add((await _stranger.AskAsync(method, id, Cancel)).GetRawText());
            unknown.Add((await _stranger.AskAsync(method, "task_nothing", Cancel)).GetRawText());
        }

        await ApproveAsync();
        var task = await _asker.UntilOverAsync(id, Cancel);
        known.Add((await _stranger.AskAsync("get", id, Cancel)).GetRawText());

        Assert.Contains("-32602", known[0], StringComparison.Ordinal);
        Assert.Single(known.Concat(unknown).Distinct());
        Assert.Equal("ran restart_service", TextOf(task));
    }

    [Fact]
    public async Task A_cancelled_task_is_withdrawn_for_everybody()
    {
        var id = await _asker.BeginAsync("restart_service", """{"name":"cancelled"}""", Cancel);
        var pending = await _bench.Alice.FindAsync("pending", Cancel);

        await _asker.AskAsync("cancel", id, Cancel);
        var vote = await _bench.Alice.VoteAsync(pending.GetProperty("id").GetString()!, "approve", Cancel);
        var task = await _asker.UntilOverAsync(id, Cancel);

        Assert.Equal("already-decided", vote.Problem);
        Assert.Equal("cancelled", task.GetProperty("status").GetString());
        Assert.Empty(_bench.Upstream.Calls);
        await _bench.Product.VerifyLedgerAsync(Cancel);
    }

    private async Task ApproveAsync()
    {
        var pending = await _bench.Alice.FindAsync("pending", Cancel);
        await _bench.Alice.VoteAsync(pending.GetProperty("id").GetString()!, "approve", Cancel);
    }

    private static string? TextOf(JsonElement task) =>
        task.GetProperty("result").GetProperty("content")[0].GetProperty("text").GetString();
}
