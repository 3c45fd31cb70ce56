using Countersign.Server.Configuration;
using Countersign.Tests.Support;
using MailKit.Security;

namespace Countersign.Tests.Configuration;

public sealed class ChannelsSectionTests : IDisposable
{
    private const string Right = "bot_token: xoxb-top-secret, signing_secret: top-secret, channel: C0123";

    private const string Signs = "whsec_dG9wLXNlY3JldC10b3Atc2VjcmV0LXRvcC1zZWNyZXQ=";
    private const string From = "from: countersign@example.com";
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
    public void The_webhook_takes_one_secret_or_several()
    {
        var one = Load($$"""channels: { webhook: { url: "https://x.example/a?b=c", secret: {{Signs}} } }""").Channels;
        var two = Load($$"""
            channels: { webhook: { url: "http://127.0.0.1:9/", secret: [ {{Signs}}, a plain text of 24 bytes ] } }
            """).Channels;

        Assert.Equal("https://x.example/a?b=c", one.Webhook!.Url.AbsoluteUri);
        Assert.Single(one.Webhook.Secrets);
        Assert.Equal(2, two.Webhook!.Secrets.Length);
        Assert.Equal(["webhook"], two.Names);
    }

    [Theory]
    [InlineData("smtp://mail.example.com", "mail.example.com", 587, SecureSocketOptions.StartTls)]
    [InlineData("smtp://mail.example.com:2525", "mail.example.com", 2525, SecureSocketOptions.StartTls)]
    [InlineData("smtps://mail.example.com", "mail.example.com", 465, SecureSocketOptions.SslOnConnect)]
    [InlineData("smtps://localhost:465", "localhost", 465, SecureSocketOptions.SslOnConnect)]
    [InlineData("smtp://127.0.0.1:25", "127.0.0.1", 25, SecureSocketOptions.None)]
    public void Mail_goes_in_the_clear_to_this_machine_only(
        string smtp, string host, int port, SecureSocketOptions security)
    {
        var email = Load($$"""channels: { email: { smtp: "{{smtp}}", {{From}} } }""").Channels.Email!;

        Assert.Equal((host, port, security), (email.Host, email.Port, email.Security));
    }

    [Fact]
    public void Whom_mail_reaches_where_is_read_and_identifies_nobody()
    {
        var channels = Load($$"""
            people:
              - { id: alice, email: alice@example.com }
              - { id: bob, email: team@example.com }
              - { id: carol, email: team@example.com }
            channels:
              email: { smtp: "smtps://us%40example.com@mail.example.com", password: top-secret, {{From}},
                       per_minute: 10 }
            """).Channels;

        Assert.Equal(("us@example.com", "top-secret", 10),
            (channels.Email!.User, channels.Email.Password, channels.Email.PerMinute));
        Assert.Equal(3, channels.Addresses.Count);
        Assert.Empty(channels.Accounts);
    }

    [Fact]
    public void What_is_no_address_is_refused() => Assert.Contains(
        "no address like alice@example.com",
        Refusal("people: [ { id: alice, email: \"alice@example.com, eve@example.net\" } ]"),
        StringComparison.Ordinal);

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
    [InlineData("webhook: { url: \"https://x/\" }", "webhook needs 'secret'")]
    [InlineData("webhook: { secret: " + Signs + " }", "webhook needs 'url'")]
    [InlineData("webhook: { url: \"http://x.example/\", secret: " + Signs + " }", "url is an https address")]
    [InlineData("webhook: { url: \"https://a@x.example/\", secret: " + Signs + " }", "without user and fragment")]
    [InlineData("webhook: { url: \"https://x.example/\", secret: top-secret }", "24 to 64 bytes")]
    [InlineData("webhook: { url: \"https://x.example/\", secret: whsec_top-secret }", "no base64 behind whsec_")]
    [InlineData("webhook: { url: \"https://x.example/\", secret: [] }", "a list of up to 4")]
    [InlineData("email: { smtp: \"smtp://mail.example\" }", "email needs 'from'")]
    [InlineData("email: { from: a@example.com }", "email needs 'smtp'")]
    [InlineData("email: { smtp: \"http://mail.example\", " + From + " }", "smtp is an address like smtp://")]
    [InlineData("email: { smtp: \"smtp://a:top-secret@m.example\", " + From + " }", "no place for a password")]
    [InlineData("email: { smtp: \"smtp://a@mail.example\", " + From + " }", "email needs 'password', too")]
    [InlineData("email: { smtp: \"smtp://m.example\", password: top-secret, " + From + " }", "password is for a user")]
    [InlineData("email: { smtp: \"smtp://m.example\", from: \"A <a@b.c>\" }", "no address like alice@example.com")]
    [InlineData("email: { smtp: \"smtp://m.example\", per_minute: 0, " + From + " }", "from 1 to 6000")]
    [InlineData("email: { smtp: \"smtp://m.example\", root_certificate: none.pem, " + From + " }", "is a PEM file")]
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
