using System.Text.Json;
using Countersign.EndToEnd.Support;
using Countersign.Tests.Channels.Email;

namespace Countersign.EndToEnd;

/// <summary>Two channels at once: one that is down keeps nothing from the other, nor anybody from deciding.</summary>
public sealed class SeveralChannelsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_the_receiver_is_away_mail_tells_the_reviewers()
    {
        await using var smtp = SmtpDouble.Start();
        await using var bench = await StartAsync(
            $$"""webhook: { url: "http://127.0.0.1:{{Ports.Take()}}/", secret: env:WEBHOOK_SECRET }""",
            Mail(smtp.Port));

        var held = await bench.Agent.AskAsync("ops", "restart_service", "{}", Cancel);
        var degraded = await UntilReadyAsync(bench, "degraded", () => smtp.Taken.Count == 3);
        var vote = await bench.Alice.VoteAsync(held.Id!, "approve", held.Digest!, Cancel);
        var ended = await bench.Agent.WaitForEndAsync(held.Id!, Cancel);

        Assert.Equal(
            ["alice@example.com", "bob@example.com", "carol@example.com"],
            smtp.Taken.Select(mail => Assert.Single(mail.To)).Order());
        Assert.All(smtp.Taken, mail => Assert.Contains(held.Id!, mail.Raw, StringComparison.Ordinal));
        Assert.Contains("cannot be reached", degraded.GetProperty("webhook").GetString());
        Assert.Equal("ok", degraded.GetProperty("email").GetString());
        Assert.Equal("succeeded", ended.State);
        Assert.Single(bench.Upstream.Calls);
        Assert.True((int)vote.Status == 200);
        await bench.Product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task While_the_mail_server_is_away_the_receiver_hears_of_everything()
    {
        await using var world = await WebhookWorld.StartAsync(Cancel);
        await using var bench = await StartAsync(world.Configuration, Mail(Ports.Take()));

        var held = await bench.Agent.AskAsync("ops", "restart_service", "{}", Cancel);
        var first = await world.NextAsync(Cancel);
        var degraded = await UntilReadyAsync(bench, "degraded", static () => true);
        await bench.Alice.VoteAsync(held.Id!, "deny", held.Digest!, Cancel);
        var last = await world.NextAsync(Cancel);

        Assert.Equal(("pending", "denied"), (StateOf(first), StateOf(last)));
        Assert.Contains("The mail server", degraded.GetProperty("email").GetString());
        Assert.Equal("ok", degraded.GetProperty("webhook").GetString());
    }

    [Fact]
    public async Task Doctor_asks_both()
    {
        await using var world = await WebhookWorld.StartAsync(Cancel);
        await using var bench = await StartAsync(world.Configuration, Mail(Ports.Take()));

        var report = await bench.Product.RunAsync(
            "ALICE", Cancel, "doctor", "--config", bench.Product.Folder.Configuration);

        Assert.Contains("ok    webhook 127.0.0.1", report.Output, StringComparison.Ordinal);
        Assert.Contains("FAIL  email smtp 127.0.0.1", report.Output, StringComparison.Ordinal);
        Assert.Contains("ok    email recipients: 4", report.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(WebhookWorld.Secret, report.Output, StringComparison.Ordinal);
    }

    private static Task<Bench> StartAsync(string webhook, string email) => Bench.StartAsync(
        new ProductOptions
        {
            More = $"channels: {{ {webhook}, {email} }}",
            Environment = new Dictionary<string, string> { ["WEBHOOK_SECRET"] = WebhookWorld.Secret },
        },
        Cancel);

    private static string Mail(int port) =>
        $$"""email: { smtp: "smtp://127.0.0.1:{{port}}", from: countersign@example.com }""";

    private static string StateOf(WebhookDelivery delivery) => JsonElement.Parse(delivery.Body)
        .GetProperty("data").GetProperty("state").GetString()!;

    /// <summary>What the node says of its channels, once its state and something else are as they should be.</summary>
    private static async Task<JsonElement> UntilReadyAsync(Bench bench, string status, Func<bool> isDone)
    {
        using var http = new HttpClient { BaseAddress = bench.Product.Address };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Limits.Soon);
        while (true)
        {
            var json = JsonElement.Parse(await http.GetStringAsync("readyz", limit.Token));
            var channels = json.GetProperty("channels");
            var isLooked = channels.EnumerateObject()
                .All(channel => !channel.Value.GetString()!.Contains("not reached yet", StringComparison.Ordinal));
            if (json.GetProperty("status").GetString() == status && isLooked && isDone())
            {
                return channels;
            }

            await Task.Yield();
        }
    }
}
