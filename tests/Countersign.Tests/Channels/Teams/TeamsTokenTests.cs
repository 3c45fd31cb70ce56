using System.Net;
using System.Text.Json.Nodes;
using Countersign.Server.SignIn;
using Countersign.Tests.Identity.Tokens;

namespace Countersign.Tests.Channels.Teams;

/// <summary>Whom an activity is believed: whatever is not exactly the connector's, for us and now, is 401.</summary>
[Trait("Threat", "THR-023"), Trait("CWE", "294")]
public sealed class TeamsTokenTests : IAsyncLifetime
{
    private TeamsHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await TeamsHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task What_the_connector_sends_is_taken() =>
        Assert.Equal(HttpStatusCode.OK, (await SendAsync()).Status);

    [Theory]
    [InlineData("iss", "https://api.botframework.com/")]
    [InlineData("iss", "https://sts.windows.net/6f9619ff-8b86-4d01-b42d-00cf4fc964ff/")]
    [InlineData("iss", null)]
    [InlineData("aud", "99999999-2222-3333-4444-555555555555")]
    [InlineData("aud", "api://11111111-2222-3333-4444-555555555555")]
    [InlineData("aud", null)]
    [InlineData("serviceurl", "https://smba.example/teams/")]
    [InlineData("serviceurl", null)]
    [InlineData("exp", null)]
    public async Task A_token_that_says_something_else_is_refused(string claim, string? value) =>
        await AssertRefusedAsync(claims =>
        {
            claims.Remove(claim);
            if (value is not null)
            {
                claims[claim] = value;
            }
        });

    [Fact]
    public Task A_token_that_is_for_others_too_is_refused() =>
        AssertRefusedAsync(claims => claims["aud"] = new JsonArray(TeamsDouble.AppId, "another"));

    [Theory]
    [InlineData("exp", -301)]
    [InlineData("exp", -300)]
    [InlineData("nbf", 301)]
    [InlineData("iat", 301)]
    [InlineData("exp", 90_000)]
    public Task A_token_out_of_time_is_refused(string claim, int seconds) => AssertRefusedAsync(
        claims => claims[claim] = _host.Time.GetUtcNow().AddSeconds(seconds).ToUnixTimeSeconds());

    [Theory]
    [InlineData("exp", -299)]
    [InlineData("nbf", 300)]
    public async Task Clocks_may_differ_by_five_minutes_both_ways(string claim, int seconds) => Assert.Equal(
        HttpStatusCode.OK,
        (await SendAsync(
            claims => claims[claim] = _host.Time.GetUtcNow().AddSeconds(seconds).ToUnixTimeSeconds())).Status);

    [Theory]
    [InlineData("none")]
    [InlineData("HS256")]
    [InlineData("PS256")]
    [InlineData("ES256")]
    [InlineData("RS512")]
    public async Task A_token_of_another_algorithm_is_refused(string algorithm) =>
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(algorithm: algorithm)).Status);

    [Fact]
    public async Task A_token_of_another_key_by_the_same_name_is_refused()
    {
        using var other = new TestSigner("k1");

        var reception = await _host.SendAsync(Press(), other.Sign(_host.Teams.Claims(_host.Time.GetUtcNow())));

        Assert.Equal(HttpStatusCode.Unauthorized, reception.Status);
    }

    [Theory]
    [InlineData("webchat")]
    [InlineData(null)]
    public async Task A_key_that_is_not_endorsed_for_teams_is_refused(string? other)
    {
        _host.Teams.Endorsements = other is null ? [] : [other];

        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync()).Status);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a.b.c")]
    [InlineData("garbage")]
    public async Task What_is_no_token_is_refused(string? token) =>
        Assert.Equal(HttpStatusCode.Unauthorized, (await _host.SendAsync(Press(), token)).Status);

    [Fact]
    public async Task A_new_key_is_known_as_soon_as_it_is_used_and_an_old_one_forgotten()
    {
        await SendAsync();
        var old = _host.Teams.Signer.Sign(_host.Teams.Claims(_host.Time.GetUtcNow()));
        _host.Time.Advance(TokenIssuer.Pause);
        _host.Teams.Signer = new TestSigner("k2");

        Assert.Equal(HttpStatusCode.OK, (await SendAsync()).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _host.SendAsync(Press(), old)).Status);
        Assert.Equal(2, _host.Teams.KeysRead);
    }

    [Theory]
    [InlineData("serviceUrl", "http://169.254.169.254/")]
    [InlineData("serviceUrl", null)]
    [InlineData("channelId", "webchat")]
    [InlineData("channelId", null)]
    public async Task An_activity_that_the_token_does_not_cover_is_refused(string member, string? value)
    {
        var activity = Press();
        activity.Remove(member);
        if (value is not null)
        {
            activity[member] = value;
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await _host.SendAsync(activity)).Status);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1/teams/")]
    [InlineData("https://smba.trafficmanager.net/teams/")]
    [InlineData("https://smba.example/teams/")]
    [Trait("CWE", "918")]
    public async Task An_address_that_nobody_configured_is_refused_whatever_the_token_says(string address)
    {
        var activity = Press();
        activity["serviceUrl"] = address;
        var claims = _host.Teams.Claims(_host.Time.GetUtcNow());
        claims["serviceurl"] = address;

        var reception = await _host.SendAsync(activity, _host.Teams.Signer.Sign(claims));

        Assert.Equal(HttpStatusCode.Unauthorized, reception.Status);
        Assert.Empty(_host.Teams.Calls);
    }

    [Theory]
    [InlineData("conversation", "tenantId", "00000000-8b86-4d01-b42d-00cf4fc964ff")]
    [InlineData("conversation", "tenantId", null)]
    [InlineData("channelData", "tenant", "00000000-8b86-4d01-b42d-00cf4fc964ff")]
    [InlineData("channelData", "tenant", null)]
    [Trait("Threat", "THR-008"), Trait("CWE", "287")]
    public async Task An_activity_of_another_tenant_is_refused(string member, string name, string? tenant)
    {
        var activity = Press();
        activity[member]!.AsObject().Remove(name);
        if (tenant is not null)
        {
            activity[member]![name] = name == "tenant" ? new JsonObject { ["id"] = tenant } : tenant;
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await _host.SendAsync(activity)).Status);
    }

    [Fact]
    public async Task Without_the_issuers_keys_nobody_is_believed()
    {
        await using var other = await TeamsHost.StartAsync();
        var token = other.Teams.Signer.Sign(other.Teams.Claims(other.Time.GetUtcNow()));
        var activity = other.Teams.Invoke("bob", "approve", []);
        await other.Teams.DisposeAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, (await other.SendAsync(activity, token)).Status);
    }

    private JsonObject Press() => _host.Teams.Invoke("bob", "approve", new JsonObject { ["card"] = "nothing" });

    private async Task<TeamsReception> SendAsync(Action<JsonObject>? alter = null, string algorithm = "RS256")
    {
        var claims = _host.Teams.Claims(_host.Time.GetUtcNow());
        alter?.Invoke(claims);
        return await _host.SendAsync(Press(), _host.Teams.Signer.Sign(claims, algorithm));
    }

    private async Task AssertRefusedAsync(Action<JsonObject> alter) =>
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(alter)).Status);
}
