using Countersign.Server.Configuration;
using Countersign.Tests.Support;

namespace Countersign.Tests.Configuration;

public sealed class ChannelsSectionTests : IDisposable
{
    private const string Right = "bot_token: xoxb-top-secret, signing_secret: top-secret, channel: C0123";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Slack_and_whose_accounts_are_whose_are_read()
    {
        var channels = Load($$"""
            people:
              - { id: alice, accounts: { slack: T0123/U0456 } }
              - { id: bob, accounts: { slack: [ T0123/U0789, E0123/W0789 ] } }
            channels: { slack: { {{Right}}, app_token: xapp-top-secret, base_url: "http://127.0.0.1:9/api" } }
            """).Channels;
        var slack = channels.Slack!;

        Assert.Equal(("xoxb-top-secret", "top-secret", "xapp-top-secret", "C0123"),
            (slack.BotToken, slack.SigningSecret, slack.AppToken, slack.Channel));
        Assert.Equal("http://127.0.0.1:9/api/", slack.BaseUrl.AbsoluteUri);
        Assert.Equal(
            ["slack E0123/W0789 bob", "slack T0123/U0456 alice", "slack T0123/U0789 bob"],
            channels.Accounts.Select(account => $"{account.Key} {account.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Without_the_channel_there_is_none() => Assert.Empty(Load("people: []").Channels.Names);

    [Theory]
    [InlineData("slack: { signing_secret: s, channel: C0123 }", "needs 'bot_token'")]
    [InlineData("slack: { bot_token: b, channel: C0123 }", "over HTTP, or 'app_token' for Socket Mode")]
    [InlineData("slack: { bot_token: b, signing_secret: s }", "slack needs 'channel'")]
    [InlineData("slack: { bot_token: b, signing_secret: s, channel: approvals }", "the id of a channel like C0123")]
    [InlineData("slack: { bot_token: b, signing_secret: \"\", channel: C0123 }", "signing_secret is")]
    [InlineData("slack: { bot_token: env:NOWHERE, signing_secret: s, channel: C0123 }", "NOWHERE")]
    [InlineData("slack: { " + Right + ", base_url: \"http://slack.example/api/\" }", "base_url is an https address")]
    [InlineData("slack: { " + Right + ", base_url: \"https://a@slack.example/\" }", "without query, fragment and user")]
    [InlineData("slack: { " + Right + ", chanel: C1 }", "(did you mean 'channel'?)")]
    [InlineData("teams: { app_id: a }", "'teams' is not part of this version")]
    [InlineData("webhook: { url: \"https://x/\" }", "'webhook' is not part of this version")]
    [InlineData("email: { smtp: x }", "'email' is not part of this version")]
    public void A_channel_that_could_not_work_is_refused(string channels, string why)
    {
        var refusal = Refusal($"channels: {{ {channels} }}");

        Assert.Contains(why, refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("top-secret", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ slack: alice }")]
    [InlineData("{ slack: T0123 }")]
    [InlineData("{ slack: T0123/alice }")]
    [InlineData("{ slack: t0123/u0456 }")]
    [InlineData("{ slack: U0456/T0123 }")]
    public void What_is_no_account_is_refused(string accounts) => Assert.Contains(
        "like T0123/U0456", Refusal($"people: [ {{ id: alice, accounts: {accounts} }} ]"), StringComparison.Ordinal);

    [Fact]
    public void One_account_never_stands_for_two_persons() => Assert.Contains(
        "belongs to 'alice' already",
        Refusal("people: [ { id: alice, accounts: { slack: T1/U1 } }, { id: bob, accounts: { slack: T1/U1 } } ]"),
        StringComparison.Ordinal);

    private Settings Load(string text)
    {
        Directory.CreateDirectory(_folder.PathOf("policies"));
        File.WriteAllText(_folder.PathOf("policies/deny.yaml"), "version: 1\ndefault: deny\n");
        File.WriteAllText(_folder.PathOf("countersign.yaml"), text);
        return SettingsFile.Load(_folder.PathOf("countersign.yaml"), static _ => null);
    }

    private string Refusal(string text) => Assert.Throws<ConfigurationException>(() => Load(text)).Message;
}
