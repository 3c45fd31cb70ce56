using System.Net;

namespace Countersign.Tests.Http;

/// <summary>
/// A target behind an authorization server: the gateway asks for tokens of its own, and agents see none.
/// </summary>
public sealed class HttpOAuthTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_token_serves_requests_until_the_target_refuses_it_and_then_there_is_another()
    {
        await using var tokens = new RawUpstream();
        var issued = 0;
        tokens.Answer = (_, stream) => RawUpstream.Says(RawUpstream.Ok(
            $$"""{"access_token":"token-number-{{++issued}}-of-ours","token_type":"Bearer","expires_in":3600}"""))
            ("", stream);
        await using var bench = await HttpBench.StartAsync(
            $"credentials: {{ oauth: {{ token_url: \"http://127.0.0.1:{tokens.Port}/token\", client_id: gate, "
            + "client_secret: secret-of-the-gate } }");

        await PostAsync(HttpStatusCode.OK);
        await PostAsync(HttpStatusCode.OK);
        bench.Upstream.Answer = RawUpstream.Says("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
        var refused = await PostAsync(HttpStatusCode.BadGateway);
        bench.Upstream.Answer = RawUpstream.Says(RawUpstream.Ok("{}"));
        await PostAsync(HttpStatusCode.OK);

        Assert.Equal(2, tokens.Requests.Count);
        Assert.All(tokens.Requests, asked => Assert.Contains("grant_type=client_credentials", asked));
        Assert.Equal(
            [1, 1, 1, 2], bench.Upstream.Requests.Select(request => request.Contains("token-number-1") ? 1 : 2));
        Assert.Contains("refused the credential", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("token-number", refused, StringComparison.Ordinal);

        async Task<string> PostAsync(HttpStatusCode expected)
        {
            var answer = await bench.Agent.PostAsync("/http/billing/free", HttpBench.Json(new { }), Cancelled);
            Assert.Equal(expected, answer.StatusCode);
            return await answer.Content.ReadAsStringAsync(Cancelled);
        }
    }

    [Fact]
    public async Task Without_a_token_nothing_is_sent()
    {
        await using var tokens = new RawUpstream();
        tokens.Answer = RawUpstream.Says("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        await using var bench = await HttpBench.StartAsync(
            $"credentials: {{ oauth: {{ token_url: \"http://127.0.0.1:{tokens.Port}/token\", client_id: gate, "
            + "client_secret: secret-of-the-gate } }");

        var answer = await bench.Agent.PostAsync("/http/billing/free", HttpBench.Json(new { }), Cancelled);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Empty(bench.Upstream.Requests);
    }
}
