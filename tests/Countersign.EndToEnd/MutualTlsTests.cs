using System.Net;
using System.Net.Http.Headers;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>
/// A target that asks for a certificate gets the gateway's, and a server that nobody signed gets nothing.
/// </summary>
public sealed class MutualTlsTests
{
    private const string Policy = """
        version: 1
        default: deny
        rules:
          - id: reads
            when: action.gate == "http" && http.method == "GET"
            then: allow
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_gateway_shows_its_certificate()
    {
        using var certificates = new Certificates();

        var (answer, requests) = await AskAsync(
            certificates,
            $"credentials: {{ certificate: \"{certificates.Client}\", key: \"{certificates.ClientKey}\" }}",
            certificates.Authority);

        Assert.Equal(HttpStatusCode.OK, answer);
        Assert.Single(requests);
    }

    [Fact]
    public async Task Without_a_certificate_the_target_refuses()
    {
        using var certificates = new Certificates();

        var (answer, requests) = await AskAsync(certificates, "labels: [web]", certificates.Authority);

        Assert.Equal(HttpStatusCode.BadRequest, answer);
        Assert.All(requests, request => Assert.Contains("/echo", request, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_nobody_trusted_signed_gets_nothing()
    {
        using var certificates = new Certificates();
        using var others = new Certificates();

        var (answer, requests) = await AskAsync(
            certificates,
            $"credentials: {{ certificate: \"{certificates.Client}\", key: \"{certificates.ClientKey}\" }}",
            others.Authority);

        Assert.Equal(HttpStatusCode.BadGateway, answer);
        Assert.Empty(requests);
    }

    private static async Task<(HttpStatusCode Answer, string[] Requests)> AskAsync(
        Certificates certificates, string target, string trusted)
    {
        Assert.SkipUnless(
            WebUpstream.IsInstalled || Environment.GetEnvironmentVariable("CI") == "true", "nginx is not installed.");
        await using var web = await WebUpstream.StartAsync(certificates, Cancel);
        await using var product = await Product.StartAsync(
            new ProductOptions
            {
                Targets = web.TargetWith(target),
                // What OpenSSL trusts instead of the machine's own authorities.
                Environment = new Dictionary<string, string> { ["SSL_CERT_FILE"] = trusted },
                Policy = Policy,
            },
            Cancel);
        using var agent = new HttpClient { BaseAddress = product.Address };
        agent.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Bearer", ProductFolder.TokenOf("DEPLOY_BOT"));
        var answer = await agent.GetAsync("http/web/echo", Cancel);
        return (answer.StatusCode, web.Requests);
    }
}
