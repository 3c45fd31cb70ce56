using Countersign.Server.Configuration;
using Countersign.Tests.Support;

namespace Countersign.Tests.Configuration;

public sealed class ChannelsSectionTests : IDisposable
{
    private const string Right = "bot_token: xoxb-top-secret, signing_secret: top-secret, channel: C0123";

    private const string Tenant = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";
    private const string Teams = "app_id: a-1, app_password: top-secret, tenant: " + Tenant;

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
    public void Teams_and_whose_accounts_are_whose_are_read()
    {
        var channels = Load($$"""
            people:
              - id: alice
                accounts: { teams: 6F9619FF-8B86-4D01-B42D-00CF4FC964FF/00000000-0000-0000-0000-00000000000A }
            channels:
              teams:
                {{{Teams}}, team_channel: "19:0123_ab@thread.tacv2", metadata_url: "http://127.0.0.1:9/m",
                 token_url: "http://127.0.0.1:9/t", service_urls: ["http://127.0.0.1:9/s/"]}
            """).Channels;
        var teams = channels.Teams!;

        Assert.Equal(("a-1", "top-secret", Guid.Parse(Tenant), "19:0123_ab@thread.tacv2"),
            (teams.AppId, teams.AppPassword, teams.Tenant, teams.TeamChannel));
        Assert.Equal(
            ["http://127.0.0.1:9/m", "http://127.0.0.1:9/t", "http://127.0.0.1:9/s/"],
            new[] { teams.Metadata, teams.Token, teams.Services.Single() }.Select(address => address.AbsoluteUri));
        Assert.Equal(
            "teams 6f9619ff-8b86-4d01-b42d-00cf4fc964ff/00000000-0000-0000-0000-00000000000a alice",
            channels.Accounts.Select(account => $"{account.Key} {account.Value}").Single());
        Assert.Equal(["teams"], channels.Names);
    }

    [Fact]
    public void Teams_has_the_addresses_of_the_public_cloud()
    {
        var teams = Load($$"""channels: { teams: { {{Teams}} } }""").Channels.Teams!;

        Assert.Equal("https://login.botframework.com/v1/.well-known/openidconfiguration", teams.Metadata.AbsoluteUri);
        Assert.Equal($"https://login.microsoftonline.com/{Tenant}/oauth2/v2.0/token", teams.Token.AbsoluteUri);
        Assert.True(teams.Trusts(new Uri($"https://smba.trafficmanager.net/emea/{Tenant}/")));
        Assert.False(teams.Trusts(new Uri("https://smba.trafficmanager.net.evil.example/emea/")));
        Assert.False(teams.Trusts(new Uri("http://smba.trafficmanager.net/emea/")));
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
    [InlineData("teams: { app_password: s, tenant: " + Tenant + " }", "teams needs 'app_id'")]
    [InlineData("teams: { app_id: a, tenant: " + Tenant + " }", "teams needs 'app_password'")]
    [InlineData("teams: { app_id: a, app_password: s }", "teams needs 'tenant'")]
    [InlineData("teams: { app_id: a, app_password: s, tenant: example.com }", "the id of one Entra tenant")]
    [InlineData("teams: { app_id: \"a b\", app_password: s, tenant: " + Tenant + " }", "app_id is the")]
    [InlineData("teams: { " + Teams + ", team_channel: general }", "the id of a channel like 19:")]
    [InlineData("teams: { " + Teams + ", metadata_url: \"http://x.example/\" }", "metadata_url is an https address")]
    [InlineData("teams: { " + Teams + ", token_url: \"http://x.example/\" }", "token_url is an https address")]
    [InlineData("teams: { " + Teams + ", service_urls: [\"http://x.example/\"] }", "service_urls is an https address")]
    [InlineData("teams: { " + Teams + ", service_urls: [] }", "names at least one address")]
    [InlineData("teams: { " + Teams + ", aud: a }", "aud")]
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
