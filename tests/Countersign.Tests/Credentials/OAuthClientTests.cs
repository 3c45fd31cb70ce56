using System.Collections.Concurrent;
using System.Net;
using Countersign.Gates.Credentials;
using Countersign.Tests.Support;

namespace Countersign.Tests.Credentials;

/// <summary>
/// A token is asked for when it is needed, once for many, and again before it ends (RFC 6749 section 4.4).
/// </summary>
public sealed class OAuthClientTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 22, 9, 0, 0, TimeSpan.Zero);

    private readonly ManualTime _time = new(Start);
    private readonly TokenServer _server = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_client_says_who_it_is_and_gets_a_bearer_token()
    {
        var lent = await Client().LendAsync(null, Cancelled);

        Assert.Equal("Bearer token-number-1", Assert.Single(lent.Headers).Value.Reveal());
        var (authorization, form) = Assert.Single(_server.Asked);
        Assert.Equal($"Basic {Convert.ToBase64String("a%20client:s3cret%2Fword"u8)}", authorization);
        Assert.Equal("grant_type=client_credentials&scope=read+write&audience=billing", form);
        Assert.Contains("token-number-1", lent.Secrets);
    }

    [Fact]
    public async Task It_is_kept_until_shortly_before_it_ends()
    {
        var client = Client();

        await client.LendAsync(null, Cancelled);
        _time.Advance(TimeSpan.FromSeconds(569));
        await client.LendAsync(null, Cancelled);
        Assert.Single(_server.Asked);
        _time.Advance(TimeSpan.FromSeconds(1));
        var next = await client.LendAsync(null, Cancelled);

        Assert.Equal("Bearer token-number-2", Assert.Single(next.Headers).Value.Reveal());
    }

    [Fact]
    public async Task A_token_that_was_refused_is_not_lent_again()
    {
        var client = Client();

        var refused = await client.LendAsync(null, Cancelled);
        var next = await client.LendAsync(refused, Cancelled);
        var same = await client.LendAsync(refused, Cancelled);

        Assert.NotSame(refused, next);
        Assert.Same(next, same);
        Assert.Equal(2, _server.Asked.Count);
    }

    [Fact]
    public async Task Many_at_once_ask_once()
    {
        var gate = new TaskCompletionSource();
        _server.Before = gate.Task;
        var client = Client();

        var lending = Enumerable.Range(0, 20).Select(_ => client.LendAsync(null, Cancelled).AsTask()).ToList();
        gate.SetResult();

        Assert.Single((await Task.WhenAll(lending)).Distinct());
        Assert.Single(_server.Asked);
    }

    [Theory]
    [InlineData(401, """{"error":"invalid_client","error_description":"s3cret/word is wrong"}""", "invalid_client")]
    [InlineData(400, """{"error":"s3cret/word"}""", "HTTP 400")]
    [InlineData(500, "oops", "HTTP 500")]
    [InlineData(200, "oops", "no JSON object")]
    [InlineData(200, "[]", "no JSON object")]
    [InlineData(200, """{"token_type":"bearer"}""", "without a bearer token")]
    [InlineData(200, """{"access_token":"x","token_type":"mac"}""", "without a bearer token")]
    [InlineData(200, """{"access_token":"a\nb","token_type":"bearer"}""", "cannot be sent")]
    public async Task What_is_no_token_is_told_without_the_secret(int status, string body, string why)
    {
        (_server.Status, _server.Body) = (status, body);

        var failure = await Assert.ThrowsAsync<CredentialException>(
            async () => await Client().LendAsync(null, Cancelled));

        Assert.Contains(why, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_failure_the_next_request_asks_again()
    {
        var client = Client();
        _server.Status = 500;
        await Assert.ThrowsAsync<CredentialException>(async () => await client.LendAsync(null, Cancelled));
        _server.Status = 200;

        Assert.NotNull(await client.LendAsync(null, Cancelled));
    }

    private OAuthClient Client() => new(
        new OAuthOptions(new Uri("http://127.0.0.1:9/token"), "a client", new Secret("s3cret/word"))
        {
            Scope = "read write",
            Audience = "billing",
        },
        new HttpMessageInvoker(_server),
        _time);

    private sealed class TokenServer : HttpMessageHandler
    {
        private int _count;

        public ConcurrentQueue<(string? Authorization, string Form)> Asked { get; } = [];

        public Task Before { get; set; } = Task.CompletedTask;

        public int Status { get; set; } = 200;

        public string? Body { get; set; }

        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked.Enqueue((
                request.Headers.Authorization?.ToString(),
                await request.Content!.ReadAsStringAsync(cancellationToken)));
            await Before;
            var body = Body ?? $$"""
                {
                  "access_token": "token-number-{{Interlocked.Increment(ref _count)}}",
                  "token_type": "Bearer",
                  "expires_in": 600
                }
                """;
            return new HttpResponseMessage((HttpStatusCode)Status) { Content = new StringContent(body) };
        }
    }
}
