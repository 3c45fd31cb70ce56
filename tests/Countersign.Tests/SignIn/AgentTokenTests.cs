using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Countersign.Server.SignIn;

namespace Countersign.Tests.SignIn;

/// <summary>Agents that show tokens of an issuer instead of tokens of the configuration.</summary>
public sealed class AgentTokenTests
{
    private const string Audience = "https://countersign.example.com";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_agent_asks_with_a_token_of_its_issuer()
    {
        await using var host = await StartAsync();

        var id = await host.AskAsync(token: TokenOf(host, "repo:acme/shop"));

        var agent = (await host.FindAsync(id)).GetProperty("agent");
        Assert.Equal("bot", agent.GetProperty("id").GetString());
    }

    [Theory]
    [InlineData("/mcp/none", "POST")]
    [InlineData("/http/none/x", "GET")]
    [InlineData("/v1/targets", "GET")]
    public async Task Every_gate_that_takes_tokens_takes_it(string path, string method)
    {
        await using var host = await StartAsync();
        using var known = host.ClientWith(TokenOf(host, "repo:acme/shop"));
        using var unknown = host.ClientWith(TokenOf(host, "repo:acme/other"));

        using var in1 = await known.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), Cancel);
        using var out1 = await unknown.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), Cancel);

        Assert.NotEqual(HttpStatusCode.Unauthorized, in1.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, out1.StatusCode);
    }

    [Fact]
    [Trait("Threat", "THR-003"), Trait("CWE", "863")]
    public async Task An_exchanged_token_says_for_whom_the_agent_acts_and_that_person_does_not_approve()
    {
        await using var host = await StartAsync();
        host.Provider.Groups.Add("db-owners");
        var token = TokenOf(host, "sub-alice", claims => claims["act"] = Actor("repo:acme/shop"));

        var id = await host.AskAsync(token: token);

        var agent = (await host.FindAsync(id, token)).GetProperty("agent");
        Assert.Equal("bot", agent.GetProperty("id").GetString());
        Assert.Equal("alice", agent.GetProperty("on_behalf_of").GetString());
        using var alice = await host.OpenForAsync("sub-alice");
        Assert.Contains("You stand behind this request", await alice.ReadAsync($"/console/actions/{id}"));
    }

    [Fact]
    [Trait("Threat", "THR-005"), Trait("CWE", "863")]
    public async Task An_earlier_actor_with_an_owner_of_its_own_is_refused_and_one_of_the_same_owner_is_not()
    {
        await using var host = await StartAsync();

        Assert.Equal(HttpStatusCode.Accepted, await SendAsync(host, Chain("helper")));
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(host, Chain("stranger")));
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(host, Chain("nobody")));

        string Chain(string earlier) => TokenOf(
            host, "sub-alice", claims => claims["act"] = Actor("repo:acme/shop", Actor(earlier)));
    }

    [Fact]
    [Trait("Threat", "THR-006"), Trait("CWE", "754")]
    public async Task A_chain_with_somebody_unknown_or_unreadable_or_two_persons_is_refused()
    {
        await using var host = await StartAsync();
        JsonNode[] chains =
        [
            Actor("repo:acme/other"),
            Actor("sub-bob"),
            new JsonObject(),
            "repo:acme/shop",
            Actor("repo:acme/shop", Actor("sub-bob")),
            Actor("repo:acme/shop", Actor("helper", Actor("helper", Actor("helper", Actor("helper"))))),
            new JsonObject { ["sub"] = "repo:acme/shop", ["iss"] = "https://id.example.com" },
        ];

        foreach (var chain in chains)
        {
            var token = TokenOf(host, "sub-alice", claims => claims["act"] = chain.DeepClone());
            Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(host, token));
        }

        var unknown = TokenOf(host, "sub-mallory", claims => claims["act"] = Actor("repo:acme/shop"));
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(host, unknown));
    }

    [Fact]
    public async Task A_person_is_no_agent_and_an_id_token_no_request()
    {
        await using var host = await StartAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(host, TokenOf(host, "sub-alice")));
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(
            host, TokenOf(host, "repo:acme/shop", claims => claims["aud"] = ProviderDouble.ClientId)));
    }

    [Theory]
    [InlineData("aud", "somebody-else")]
    [InlineData("iss", "https://id.example.com")]
    [InlineData("exp", "1700000000")]
    [InlineData("cnf", "{\"x5t#S256\":\"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2\"}")]
    [InlineData("cnf", "{\"jkt\":\"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I\"}")]
    public async Task A_token_that_says_something_else_is_refused(string claim, string value)
    {
        await using var host = await StartAsync();
        var token = TokenOf(host, "repo:acme/shop", claims => claims[claim] = value[0] is '{' or '1'
            ? JsonNode.Parse(value)
            : value);

        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(host, token));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("HS256")]
    public async Task A_token_signed_in_another_way_is_refused(string algorithm)
    {
        await using var host = await StartAsync();
        var token = TokenOf(host, "repo:acme/shop", sign: claims => host.Provider.Signer.Sign(claims, algorithm));

        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(host, token));
    }

    [Fact]
    public async Task A_new_key_of_the_issuer_counts_without_a_restart_and_the_old_one_no_more()
    {
        await using var host = await StartAsync();
        var old = host.Provider.Signer;
        Assert.Equal(HttpStatusCode.Accepted, await SendAsync(host, TokenOf(host, "repo:acme/shop")));

        host.Provider.Signer = new Identity.Tokens.TestSigner("k2");
        host.Time.Advance(TokenIssuer.Pause);

        Assert.Equal(HttpStatusCode.Accepted, await SendAsync(host, TokenOf(host, "repo:acme/shop")));
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(
            host, TokenOf(host, "repo:acme/shop", sign: claims => old.Sign(claims))));
        old.Dispose();
    }

    [Fact]
    public async Task Invented_names_of_keys_do_not_make_the_node_ask_without_end()
    {
        await using var host = await StartAsync();
        using var thief = new Identity.Tokens.TestSigner("k9");
        Assert.Equal(HttpStatusCode.Accepted, await SendAsync(host, TokenOf(host, "repo:acme/shop")));

        for (var i = 0; i < 20; i++)
        {
            var token = TokenOf(host, "repo:acme/shop", sign: claims => thief.Sign(claims));
            Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(host, token));
        }

        Assert.Equal(1, host.Provider.KeysRead);
    }

    [Fact]
    public async Task Keys_outlive_an_issuer_that_is_away_for_a_while_and_not_for_long()
    {
        await using var host = await StartAsync();
        Assert.Equal(HttpStatusCode.Accepted, await SendAsync(host, Fresh()));
        host.Provider.IsDown = true;

        host.Time.Advance(TokenIssuer.FreshFor);
        Assert.Equal(HttpStatusCode.Accepted, await SendAsync(host, Fresh()));
        host.Time.Advance(TokenIssuer.GoodFor);
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(host, Fresh()));

        string Fresh() => TokenOf(host, "repo:acme/shop", claims =>
            claims["exp"] = host.Time.GetUtcNow().AddMinutes(5).ToUnixTimeSeconds());
    }

    private static Task<SignInHost> StartAsync() => SignInHost.StartAsync(text => text
        .Replace(
            $"tokens: [ {SignInHost.BotToken} ] }}",
            $$"""
            tokens: [ {{SignInHost.BotToken}} ], identities: [ { issuer: ISSUER, subject: "repo:acme/shop" } ] }
              - { id: helper, owner: carol, identities: [ { issuer: ISSUER, subject: helper } ] }
              - { id: stranger, owner: bob, identities: [ { issuer: ISSUER, subject: stranger } ] }
            issuers: [ { issuer: ISSUER, audience: "{{Audience}}" } ]
            """.Replace("ISSUER", IssuerIn(text), StringComparison.Ordinal),
            StringComparison.Ordinal));

    private static string IssuerIn(string text) =>
        text.Split('\n').Single(line => line.TrimStart().StartsWith("issuer: ", StringComparison.Ordinal))
            .Split("issuer: ")[1].Trim();

    private static string TokenOf(
        SignInHost host, string subject, Action<JsonObject>? alter = null, Func<JsonObject, string>? sign = null)
    {
        var now = TimeProvider.System.GetUtcNow();
        var claims = new JsonObject
        {
            ["iss"] = host.Provider.Issuer,
            ["aud"] = Audience,
            ["sub"] = subject,
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.AddMinutes(5).ToUnixTimeSeconds(),
        };
        alter?.Invoke(claims);
        return (sign ?? (made => host.Provider.Signer.Sign(made)))(claims);
    }

    private static JsonObject Actor(string subject, JsonObject? earlier = null)
    {
        var actor = new JsonObject { ["sub"] = subject };
        if (earlier is not null)
        {
            actor["act"] = earlier;
        }

        return actor;
    }

    private static async Task<HttpStatusCode> SendAsync(SignInHost host, string token)
    {
        using var answer = await host.SendAsync(token);
        return answer.StatusCode;
    }
}
