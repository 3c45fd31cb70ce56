using System.Net;
using Countersign.Core.Ledger;
using Countersign.Server.Channels;
using Countersign.Server.Hosting;
using Countersign.Server.Keys;
using Countersign.Tests.Console;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Hosting;

/// <summary>What a node says of itself to those who watch it, on a real socket.</summary>
public sealed class HealthTests : IAsyncLifetime
{
    private readonly ConsoleStore _store = new(TimeProvider.System);
    private readonly LedgerKey _key =
        new(new KeyName("localhost/countersign"), new Ed25519SigningKey(Ed25519SigningKey.NewSeed()));

    private readonly ChannelHealth _channel = new("slack", "Slack");
    private readonly HttpClient _client = new();
    private WebApplication _web = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _web = builder.Build();
        _web.Use(LastResort.Handle(_web.Logger));
        new HealthEndpoints(_store, _store, traces: null, [_channel], () => 3).Map(_web);
        new LedgerEndpoints(_store, _key).Map(_web);
        await _web.StartAsync(Cancel);
        _client.BaseAddress = new Uri(_web.Urls.First());
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _web.DisposeAsync();
        _key.Dispose();
    }

    [Fact]
    public async Task Metrics_of_a_store_that_cannot_be_read_say_that_it_is_down()
    {
        _store.IsDown = true;
        using var answer = await _client.GetAsync("metrics", Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("\ncountersign_store_up 0\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("countersign_actions{", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_count_every_state_of_a_store_that_works()
    {
        var text = await _client.GetStringAsync("metrics", Cancel);
        Assert.Contains("\ncountersign_store_up 1\n", text, StringComparison.Ordinal);
        Assert.Contains("\ncountersign_actions{state=\"pending\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("\ncountersign_hook_sessions_silent_total 3\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_who_ask_at_once_whether_the_store_commits_cost_one_commit()
    {
        var (asked, answer) = (0, new TaskCompletionSource<string?>());
        _store.WhyUnavailable = () =>
        {
            asked++;
            return answer.Task;
        };
        var probe = new StoreProbe(_store);
        using var leaving = new CancellationTokenSource();
        var left = probe.AskAsync(leaving.Token);
        var waiting = Enumerable.Range(0, 20).Select(_ => probe.AskAsync(Cancel)).ToList();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);

        answer.SetResult("the disk is full");

        Assert.All(await Task.WhenAll(waiting), why => Assert.Equal("the disk is full", why));
        Assert.Equal(1, asked);
        await probe.AskAsync(Cancel);
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task The_ledger_of_a_store_that_cannot_be_read_is_unavailable_and_says_why()
    {
        _store.IsDown = true;
        using var answer = await _client.GetAsync("ledger/checkpoint", Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains(
            "/unavailable\"", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_channel_that_is_down_makes_a_node_degraded_and_not_unready()
    {
        var ready = await _client.GetStringAsync("readyz", Cancel);
        _channel.Fails("messages", "Slack answered no.");
        _channel.Fails("socket", "Not connected.");

        var degraded = await _client.GetStringAsync("readyz", Cancel);
        _channel.Works("messages");
        _channel.Works("socket");

        Assert.Equal(
            """{"status":"degraded","store":"ok","channels":{"slack":"Slack answered no. Not connected."}}""",
            degraded);
        Assert.Equal("""{"status":"ready","store":"ok","channels":{"slack":"ok"}}""", ready);
        Assert.Equal(ready, await _client.GetStringAsync("readyz", Cancel));
    }
}
