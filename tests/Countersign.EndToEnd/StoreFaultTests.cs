using System.Net;
using System.Text.Json.Nodes;
using Countersign.EndToEnd.Clients;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>A store cannot commit: nothing privileged happens, everybody is told, and it recovers by itself.</summary>
public sealed class StoreFaultTests : IAsyncLifetime
{
    private SmallDisk _disk = null!;
    private Bench _bench = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Api Agent => _bench.Agent;

    private Product Product => _bench.Product;

    public async ValueTask InitializeAsync()
    {
        _disk = await SmallDisk.MountAsync(Cancel);
        _bench = await Bench.StartAsync(new ProductOptions { DataFolder = _disk.Folder }, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (_bench is not null)
        {
            await _bench.DisposeAsync();
        }

        if (_disk is not null)
        {
            await _disk.DisposeAsync();
        }
    }

    [Fact]
    public async Task Nothing_runs_while_the_disk_is_full_and_it_goes_on_when_there_is_space()
    {
        var held = await Agent.AskAsync("ops", "restart_service", """{"id":"held"}""", Cancel);
        await using var client = await DotNetClient.ConnectAsync(
            Product.Mcp("ops"), ProductFolder.TokenOf("DEPLOY_BOT"), Cancel);
        await client.ListAsync(Cancel);
        _disk.Fill();

        var asked = await Agent.AskAsync("ops", "read_report", """{"id":"full"}""", Cancel);
        var voted = await _bench.Alice.VoteAsync(held.Id!, "approve", held.Digest!, Cancel);
        var called = await Record.ExceptionAsync(() => client.CallAsync("read_report", new JsonObject(), Cancel));
        var ready = await Agent.GetAsync("readyz", Cancel);
        var listed = await _bench.Alice.GetAsync("v1/actions", Cancel);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (asked.Status, asked.Problem));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (voted.Status, voted.Problem));
        Assert.Contains("cannot record", called?.Message, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.Status);
        Assert.Contains("the disk is full", ready.Json.GetProperty("store").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, listed.Status);
        Assert.Empty(_bench.Upstream.Calls);

        _disk.Free();
        var readyAgain = await Agent.GetAsync("readyz", Cancel);
        var votedAgain = await _bench.Alice.VoteAsync(held.Id!, "approve", held.Digest!, Cancel);
        var ended = await Agent.WaitForEndAsync(held.Id!, Cancel);

        Assert.Equal(HttpStatusCode.OK, readyAgain.Status);
        Assert.Equal(HttpStatusCode.OK, votedAgain.Status);
        Assert.Equal("succeeded", ended.State);
        Assert.Single(_bench.Upstream.Calls);
        await Product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task An_outcome_that_finds_the_disk_full_is_recorded_once_there_is_space()
    {
        var release = new TaskCompletionSource();
        _bench.Upstream.Reply = async (call, cancelled) =>
        {
            await release.Task.WaitAsync(cancelled);
            return new UpstreamReply.Text($"ran {call.Tool}");
        };
        var asked = await Agent.AskAsync("ops", "read_report", """{"id":"late"}""", Cancel);
        await _bench.Upstream.NextCallAsync(Cancel);
        _disk.Fill();
        release.SetResult();
        await UntilAsync(HttpStatusCode.ServiceUnavailable);

        Assert.Equal("executing", (await Agent.ShowAsync(asked.Id!, Cancel)).State);
        _disk.Free();
        var ended = await Agent.WaitForEndAsync(asked.Id!, Cancel);

        Assert.Equal("succeeded", ended.State);
        Assert.Contains("ran read_report", ended.Json.GetProperty("outcome").GetRawText(), StringComparison.Ordinal);
        Assert.Single(_bench.Upstream.Calls);
        await Product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task A_store_on_a_read_only_disk_refuses_to_start()
    {
        await Product.StopAsync(Cancel);
        await _disk.MakeReadOnlyAsync(Cancel);

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => Product.StartAgainAsync(Cancel));

        Assert.Contains(_disk.Folder, failure.Message, StringComparison.Ordinal);
        Assert.Contains("exit code 13", failure.Message, StringComparison.Ordinal);
        Assert.Contains("readable and writable", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", failure.Message, StringComparison.Ordinal);
    }

    private async Task UntilAsync(HttpStatusCode ready)
    {
        while ((await Agent.GetAsync("readyz", Cancel)).Status != ready)
        {
            Cancel.ThrowIfCancellationRequested();
        }
    }
}
