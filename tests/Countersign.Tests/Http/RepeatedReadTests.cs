using System.Net;
using System.Net.Http.Json;

namespace Countersign.Tests.Http;

/// <summary>
/// A request that repeats an allowed one of its connection to the character is not read again; whatever differs is.
/// </summary>
public sealed class RepeatedReadTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_of_many_like_requests_is_sent_and_answered()
    {
        await using var bench = await HttpBench.StartAsync("record: with");

        for (var i = 0; i < 20; i++)
        {
            bench.Upstream.Answer = RawUpstream.Says(RawUpstream.Ok($"{i}", "text/plain"));
            Assert.Equal($"{i}", await bench.Agent.GetStringAsync("/http/billing/a?b=c", Cancelled));
        }

        Assert.Equal(20, bench.Upstream.Requests.Count);
        Assert.Single(bench.Upstream.Requests.Distinct());
    }

    [Theory]
    [InlineData("GET", "/http/billing/a?b=d", "Accept", "text/plain", "GET /a?b=d HTTP/1.1")]
    [InlineData("HEAD", "/http/billing/a?b=c", "Accept", "text/plain", "HEAD /a?b=c HTTP/1.1")]
    [InlineData("GET", "/http/billing/a?b=c", "Accept", "text/html", "accept: text/html")]
    [InlineData("GET", "/http/billing/a?b=c", "Accept-Language", "de", "accept-language: de")]
    public async Task What_differs_is_sent_as_it_is_asked_for(
        string method, string address, string header, string value, string sent)
    {
        await using var bench = await HttpBench.StartAsync("record: with");
        await SendAsync(bench, "GET", "/http/billing/a?b=c", ("Accept", "text/plain"));
        await SendAsync(bench, "GET", "/http/billing/a?b=c", ("Accept", "text/plain"));

        await SendAsync(bench, method, address, (header, value));

        Assert.Contains(sent, bench.Upstream.Requests[2].Split("\r\n"), StringComparer.OrdinalIgnoreCase);
        Assert.DoesNotContain(sent, bench.Upstream.Requests[1].Split("\r\n"), StringComparer.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("Upgrade", 1)]
    [InlineData("Accept-Language", 5000)]
    public async Task What_may_not_pass_does_not_pass_beside_what_may(string header, int length)
    {
        await using var bench = await HttpBench.StartAsync("record: with");
        await SendAsync(bench, "GET", "/http/billing/a");
        await SendAsync(bench, "GET", "/http/billing/a");

        var refused = await SendAsync(bench, "GET", "/http/billing/a", (header, new string('x', length)));

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal(2, bench.Upstream.Requests.Count);
    }

    [Fact]
    public async Task A_body_or_a_key_makes_it_another_request()
    {
        await using var bench = await HttpBench.StartAsync("record: with");
        await SendAsync(bench, "GET", "/http/billing/free");
        await SendAsync(bench, "GET", "/http/billing/free");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/http/billing/free")
        {
            Content = JsonContent.Create(new { a = 1 }),
        };

        await bench.Agent.SendAsync(request, Cancelled);
        var keyed = await SendAsync(bench, "GET", "/http/billing/free", ("Idempotency-Key", "once"));

        Assert.EndsWith("""{"a":1}""", bench.Upstream.Requests[2], StringComparison.Ordinal);
        Assert.True(keyed.Headers.Contains("Countersign-Action"));
    }

    [Fact]
    public async Task An_agent_that_people_stopped_is_not_answered_once_more()
    {
        await using var bench = await HttpBench.StartAsync("record: with");
        await SendAsync(bench, "GET", "/http/billing/a");
        await SendAsync(bench, "GET", "/http/billing/a");

        var stopped = await bench.Alice.PostAsJsonAsync("/v1/agents/bot/stop", new { comment = "enough" }, Cancelled);
        stopped.EnsureSuccessStatusCode();

        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(bench, "GET", "/http/billing/a")).StatusCode);
        Assert.Equal(2, bench.Upstream.Requests.Count);
    }

    [Fact]
    public async Task Another_agent_over_the_same_connection_is_judged_by_itself()
    {
        await using var bench = await HttpBench.StartAsync("record: with");
        await SendAsync(bench, "GET", "/http/billing/a");
        await SendAsync(bench, "GET", "/http/billing/a");

        using var request = new HttpRequestMessage(HttpMethod.Get, "/http/billing/a");
        request.Headers.Add("Authorization", "Bearer NOBODY-TOKEN-0123456789");
        var answer = await bench.Agent.SendAsync(request, Cancelled);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal(2, bench.Upstream.Requests.Count);
    }

    private static async Task<HttpResponseMessage> SendAsync(
        HttpBench bench, string method, string address, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), address);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await bench.Agent.SendAsync(request, Cancelled);
    }
}
