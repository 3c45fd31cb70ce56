using System.Net;
using System.Text;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>
/// FLT-16: the disk is full at the first write of a step, then at the second, and so on until the step gets through.
/// Each attempt is refused as a whole, and once there is space the same attempt succeeds, once.
/// </summary>
public sealed class NthWriteTests : IAsyncLifetime
{
    /// <summary>More blocks than one commit writes; a loop that gets there never ends by itself.</summary>
    private const int TooManyBlocks = 400;

    private SmallDisk _disk = null!;
    private Bench _bench = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

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
    public async Task A_request_that_finds_the_disk_full_is_recorded_as_a_whole_or_not_at_all()
    {
        var refusals = 0;
        for (var blocks = 0; ; blocks++)
        {
            Assert.True(blocks < TooManyBlocks);
            _disk.Fill(free: blocks);
            var asked = await AskAsync();
            _disk.Free();
            if (asked.Status == HttpStatusCode.Accepted)
            {
                break;
            }

            refusals++;
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (asked.Status, asked.Problem));
            Assert.Empty(await ListAsync());
            await UntilReadyAsync();
        }

        Assert.True(refusals > 0);
        Assert.Single(await ListAsync());
        Assert.Empty(_bench.Upstream.Calls);
        await _bench.Product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task An_approval_that_finds_the_disk_full_runs_once_when_there_is_space()
    {
        var asked = await AskAsync();
        var refusals = 0;
        for (var blocks = 0; ; blocks++)
        {
            Assert.True(blocks < TooManyBlocks);
            _disk.Fill(free: blocks);
            var voted = await _bench.Alice.VoteAsync(asked.Id!, "approve", asked.Digest!, Cancel);
            _disk.Free();
            if (voted.Status == HttpStatusCode.OK)
            {
                break;
            }

            refusals++;
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (voted.Status, voted.Problem));
            Assert.Equal("pending", (await _bench.Alice.ShowAsync(asked.Id!, Cancel)).State);
            Assert.Empty(_bench.Upstream.Calls);
            await UntilReadyAsync();
        }

        var ended = await _bench.Agent.WaitForEndAsync(asked.Id!, Cancel);

        Assert.True(refusals > 0);
        // The vote is durable before its claim. Without space for that one the sweep takes the approval.
        Assert.Equal("succeeded", ended.State);
        Assert.Single(_bench.Upstream.Calls);
        await _bench.Product.VerifyLedgerAsync(Cancel);
    }

    private Task<ApiAnswer> AskAsync()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "v1/actions")
        {
            Content = new StringContent(
                Api.AskBody("ops", "restart_service", """{"id":"once"}"""), Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Idempotency-Key", "one-request");
        return _bench.Agent.SendAsync(request, Cancel);
    }

    private async Task<IReadOnlyList<string?>> ListAsync()
    {
        var list = await _bench.Alice.GetAsync("v1/actions", Cancel);
        Assert.Equal(HttpStatusCode.OK, list.Status);
        return [.. list.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString())];
    }

    private async Task UntilReadyAsync()
    {
        while ((await _bench.Agent.GetAsync("readyz", Cancel)).Status != HttpStatusCode.OK)
        {
            Cancel.ThrowIfCancellationRequested();
        }
    }
}
