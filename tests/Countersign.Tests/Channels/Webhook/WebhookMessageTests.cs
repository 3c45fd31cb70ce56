using System.Text;
using Countersign.Server.Channels.Webhook;
using Countersign.Tests.Console;

namespace Countersign.Tests.Channels.Webhook;

/// <summary>What a receiver learns, and by whom it knows that it comes from us.</summary>
public sealed class WebhookMessageTests : IAsyncLifetime
{
    private WebhookHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await WebhookHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task The_body_is_type_time_and_the_action_as_the_api_writes_it()
    {
        var asked = await _host.AskAsync();

        await _host.DeliverAsync();

        var delivered = Assert.Single(_host.Receiver.All);
        var (json, data) = (delivered.Json, delivered.Json.GetProperty("data"));
        Assert.Equal("application/json", delivered.ContentType);
        Assert.Equal("review.changed", json.GetProperty("type").GetString());
        Assert.Equal(asked.Ledger.At, json.GetProperty("timestamp").GetDateTimeOffset());
        Assert.Equal(asked.Action.Digest.Value, data.GetProperty("digest").GetString());
        Assert.Equal("orders", data.GetProperty("arguments").GetProperty("table").GetString());
        Assert.Equal("group:dba", data.GetProperty("review").GetProperty("tracks")[0].GetProperty("stages")[0]
            .GetProperty("of").GetString());
        Assert.False(data.GetProperty("review").GetProperty("you_may_vote").GetBoolean());
        Assert.StartsWith("http://console.test/console/actions/act_", data.GetProperty("review")
            .GetProperty("url").GetString());
    }

    [Fact]
    [Trait("Threat", "THR-098"), Trait("CWE", "200")]
    public async Task Secrets_leave_as_masks()
    {
        await _host.AskAsync("""{"token":"ghp_0123456789abcdefghijABCDEFGHIJ456789"}""");

        await _host.DeliverAsync();

        var delivered = Assert.Single(_host.Receiver.All);
        Assert.DoesNotContain("ghp_0123456789", delivered.Text, StringComparison.Ordinal);
        Assert.True(delivered.Json.GetProperty("data").TryGetProperty("hidden", out _));
    }

    [Fact]
    [Trait("Threat", "THR-093"), Trait("CWE", "639")]
    public async Task What_only_reviewers_may_read_is_named_and_not_told()
    {
        await _host.AskAsync("""{"table":"salaries"}""", target: "vault");

        await _host.DeliverAsync();

        var delivered = Assert.Single(_host.Receiver.All);
        Assert.Equal(
            ["id", "state", "url"],
            delivered.Json.GetProperty("data").EnumerateObject().Select(member => member.Name));
        Assert.DoesNotContain("salaries", delivered.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("vault", delivered.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_action_that_is_too_large_is_named_and_the_receiver_is_told_so()
    {
        var text = string.Concat(Enumerable.Repeat("ab", WebhookLimits.BodyBytes / 2));
        await _host.AskAsync($$"""{"text":"{{text}}"}""");

        await _host.DeliverAsync();

        var data = Assert.Single(_host.Receiver.All).Json.GetProperty("data");
        Assert.Contains("ask the API", data.GetProperty("left_out").GetString(), StringComparison.Ordinal);
        Assert.False(data.TryGetProperty("arguments", out _));
    }

    [Fact]
    public async Task A_notice_is_an_event_too()
    {
        await PolicyReverted.CommitAsync(_host.Console.Store, "webhook", Cancel);

        await _host.DeliverAsync();

        var json = Assert.Single(_host.Receiver.Taken).Json;
        Assert.Equal("notice", json.GetProperty("type").GetString());
        Assert.Equal("The policy was changed back", json.GetProperty("data").GetProperty("headline").GetString());
    }

    [Fact]
    [Trait("Threat", "THR-096"), Trait("CWE", "345")]
    public async Task While_a_secret_is_changed_both_sign()
    {
        const string old = "the former secret of this receiver";
        await using var host = await WebhookHost.StartAsync(patience: null, WebhookHost.Secret, old);
        await host.AskAsync();

        await host.DeliverAsync();

        var delivered = Assert.Single(host.Receiver.All);
        Assert.Equal(
            [delivered.SignedBy(WebhookHost.Key), delivered.SignedBy(Encoding.UTF8.GetBytes(old))],
            delivered.Signature.Split(' '));
    }

    /// <summary>The example of the specification's own libraries: id, time, body and secret of their tests.</summary>
    [Fact]
    public void A_known_secret_makes_the_known_signature() => Assert.Equal(
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        WebhookSecret.Parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").Sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", """{"test": 2432232314}"""u8));

    [Theory]
    [InlineData("whsec_***")]
    [InlineData("whsec_c2hvcnQ=")]
    [InlineData("too short")]
    public void A_secret_that_protects_nothing_is_refused(string secret) =>
        Assert.Throws<FormatException>(() => WebhookSecret.Parse(secret));

    [Fact]
    public async Task The_console_opens_what_the_url_names()
    {
        var asked = await _host.AskAsync();
        await _host.DeliverAsync();
        using var bob = await _host.Console.OpenForAsync("bob");
        var url = Assert.Single(_host.Receiver.All).Json.GetProperty("data").GetProperty("review")
            .GetProperty("url").GetString()!;

        Assert.Contains(asked.Id.Value, await bob.ReadAsync(new Uri(url).AbsolutePath), StringComparison.Ordinal);
    }
}
