using System.Net;
using System.Text;
using Countersign.Tests.Support;

namespace Countersign.Tests.Http;

/// <summary>
/// A request passes the gate as the target's own would, but for credentials and what nobody may decide by.
/// </summary>
public sealed class HttpGateTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_allowed_read_reaches_the_target_and_its_answer_the_agent()
    {
        await using var bench = await HttpBench.StartAsync("credentials: { bearer: UPSTREAM-SECRET-1 }");
        bench.Upstream.Answer = RawUpstream.Says(
            RawUpstream.Ok("""{ "id" : 7 }""", more: "X-Version: 3\r\nSet-Cookie: session=1\r\nServer: nginx\r\n"));

        var answer = await bench.Agent.GetAsync("/http/billing/v1/refunds/7?b=2&a=1+1", Cancelled);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("""{ "id" : 7 }""", await answer.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal("3", Assert.Single(answer.Headers.GetValues("X-Version")));
        Assert.False(answer.Headers.Contains("Set-Cookie"));
        Assert.False(answer.Headers.Contains("Server"));
        var action = await bench.ActionAsync(Assert.Single(answer.Headers.GetValues("Countersign-Action")));
        Assert.Equal("GET /v1/refunds/7", action.GetProperty("operation").GetString());
        Assert.Equal("succeeded", action.GetProperty("state").GetString());
        Assert.Equal(("http", "http"),
            (action.GetProperty("gate").GetString(), action.GetProperty("via").GetString()));
        Assert.Equal(
            7, action.GetProperty("outcome").GetProperty("result").GetProperty("body").GetProperty("id").GetInt32());
        var sent = bench.Upstream.Only;
        Assert.StartsWith("GET /v1/refunds/7?a=1%201&b=2 HTTP/1.1\r\n", sent, StringComparison.Ordinal);
        Assert.Contains("Authorization: Bearer UPSTREAM-SECRET-1\r\n", sent, StringComparison.Ordinal);
        Assert.Contains($"Idempotency-Key: {action.GetProperty("id").GetString()}", sent, StringComparison.Ordinal);
        Assert.DoesNotContain("BOT-TOKEN", sent, StringComparison.Ordinal);
    }

    /// <summary>RFC 9110 section 7.6.1: headers that a message names in Connection end with it.</summary>
    [Fact]
    public async Task What_a_message_says_of_its_connection_does_not_pass()
    {
        await using var bench = await HttpBench.StartAsync("headers: [X-Tenant, X-Trace]");
        bench.Upstream.Answer = RawUpstream.Says(RawUpstream.Ok(
            "{}", more: "Connection: X-Internal, keep-alive\r\nX-Internal: rack-7\r\nX-Version: 3\r\n"));

        var answer = await bench.RawAsync(
            "GET /http/billing/v1 HTTP/1.1\r\nHost: gate\r\nTOKEN\r\nConnection: X-Trace\r\n"
            + "X-Trace: hop\r\nX-Tenant: seven\r\n\r\n");

        Assert.Contains("X-Version: 3", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("X-Internal", answer, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("rack-7", answer, StringComparison.Ordinal);
        Assert.Contains("x-tenant: seven", bench.Upstream.Only, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("X-Trace", bench.Upstream.Only, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_body_leaves_as_it_came_and_people_read_what_it_says()
    {
        await using var bench = await HttpBench.StartAsync();

        var asking = bench.Agent.PostAsync(
            "/http/billing/v1/refunds", HttpBench.Text("{ \"amount\" : 5.0 }", "application/json"), Cancelled);
        var open = await bench.OpenAsync();
        Assert.Equal(5, open.GetProperty("arguments").GetProperty("body").GetProperty("amount").GetDouble());
        Assert.Empty(bench.Upstream.Requests);
        await bench.VoteAsync(open, "approve");

        Assert.Equal(HttpStatusCode.OK, (await asking).StatusCode);
        Assert.EndsWith("\r\n\r\n{ \"amount\" : 5.0 }", bench.Upstream.Only, StringComparison.Ordinal);
        Assert.Contains("Content-Type: application/json\r\n", bench.Upstream.Only, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_202_the_repeated_request_gets_the_one_stored_outcome()
    {
        await using var bench = await HttpBench.StartAsync();
        bench.Upstream.Answer = RawUpstream.Says(
            "HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\nLocation: /v1/refunds/9\r\n"
            + "Content-Length: 4\r\n\r\ndone");

        var first = await PostAsync(bench, "wait=0");
        Assert.Equal(HttpStatusCode.Accepted, first.StatusCode);
        Assert.NotNull(first.Headers.RetryAfter);
        var pending = await HttpBench.JsonAsync(first);
        Assert.Equal("pending", pending.GetProperty("status").GetString());
        Assert.Equal($"/v1/actions/{pending.GetProperty("action").GetString()}", first.Headers.Location!.ToString());
        var again = await PostAsync(bench, "wait=0");
        Assert.Equal(HttpStatusCode.Accepted, again.StatusCode);
        Assert.Equal(first.Headers.Location, again.Headers.Location);

        await bench.VoteAsync(await bench.OpenAsync(), "approve");
        var id = pending.GetProperty("action").GetString()!;
        var ended = await bench.Alice.GetAsync($"/v1/actions/{id}?wait=30", Cancelled);
        Assert.Equal("succeeded", (await HttpBench.JsonAsync(ended)).GetProperty("state").GetString());
        var outcome = await PostAsync(bench, "wait=30");

        Assert.Equal(HttpStatusCode.Created, outcome.StatusCode);
        Assert.Equal("done", await outcome.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal("/http/billing/v1/refunds/9", outcome.Headers.Location!.ToString());
        Assert.Equal(id, Assert.Single(outcome.Headers.GetValues("Countersign-Action")));
        Assert.Single(bench.Upstream.Requests);
        var next = await PostAsync(bench, "wait=0");
        Assert.Equal(HttpStatusCode.Accepted, next.StatusCode);
        Assert.NotEqual(first.Headers.Location, next.Headers.Location);
    }

    [Fact]
    public async Task A_denial_is_a_problem_that_says_why()
    {
        await using var bench = await HttpBench.StartAsync();

        var refused = await bench.Agent.PostAsync("/http/billing/wipe", HttpBench.Json(new { }), Cancelled);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType!.MediaType);
        Assert.Contains(
            "Nobody wipes everything.", await refused.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);

        var asking = PostAsync(bench, "wait=60");
        await bench.VoteAsync(await bench.OpenAsync(), "deny");
        var denied = await asking;
        Assert.Equal(HttpStatusCode.Forbidden, denied.StatusCode);
        Assert.Equal("denied", (await HttpBench.JsonAsync(denied)).GetProperty("state").GetString());
        Assert.Empty(bench.Upstream.Requests);
    }

    [Theory]
    [InlineData("GET /http/billing/a%2Fb HTTP/1.1")]
    [InlineData("GET /http/billing/a%252Fb HTTP/1.1")]
    [InlineData("GET /http/billing/../secret HTTP/1.1")]
    [InlineData("GET /http/billing/%2e%2e/secret HTTP/1.1")]
    [InlineData("GET /http/billing//a HTTP/1.1")]
    [InlineData("GET /http/billing/a\\b HTTP/1.1")]
    [InlineData("GET /http/billing/a%00 HTTP/1.1")]
    [InlineData("GET /http/billing/a?x=%zz HTTP/1.1")]
    [InlineData("GET /x/../http/billing/a HTTP/1.1")]
    [InlineData("GET /http/%62illing/a HTTP/1.1")]
    [InlineData("GET http://127.0.0.1/http/billing/a HTTP/1.1")]
    [InlineData("TRACE /http/billing/a HTTP/1.1")]
    [InlineData("get /http/billing/a HTTP/1.1")]
    [InlineData("CONNECT /http/billing/a HTTP/1.1")]
    [InlineData("GET /http/billing/a HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade")]
    [InlineData("POST /http/billing/free HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked")]
    [InlineData("POST /http/billing/free HTTP/1.1\r\nTransfer-Encoding: xchunked")]
    [InlineData("POST /http/billing/free HTTP/1.1\r\nTransfer-Encoding: chunked, identity")]
    [InlineData("POST /http/billing/free HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4")]
    [InlineData("POST /http/billing/free HTTP/1.1\r\nTransfer-Encoding : chunked")]
    [InlineData("GET /http/billing/a HTTP/1.1\r\n X-Folded: a")]
    [InlineData("GET /http/billing/a HTTP/1.1\r\nAccept: a\r\n b")]
    [InlineData("GET /http/billing/a HTTP/1.1\r\nAccept: a\u0001b")]
    [InlineData("POST /http/billing/free HTTP/1.1\r\nContent-Encoding: zstd\r\nContent-Length: 2")]
    public async Task What_servers_read_differently_is_refused_before_anything_is_sent(string head)
    {
        await using var bench = await HttpBench.StartAsync();

        var answer = await bench.RawAsync(
            $"{head}\r\nHost: {bench.Address.Authority}\r\nTOKEN\r\nConnection: close\r\n\r\n{{}}\r\n0\r\n\r\n");

        Assert.Matches("^HTTP/1.1 (400|404|405|413|501) ", answer.Length == 0 ? "HTTP/1.1 400 closed" : answer);
        Assert.Empty(bench.Upstream.Requests);
    }

    [Fact]
    public async Task What_would_make_it_another_request_is_left_out()
    {
        await using var bench = await HttpBench.StartAsync("headers: [X-Tenant]");

        await bench.RawAsync(
            $"POST /http/billing/free HTTP/1.1\r\nHost: {bench.Address.Authority}\r\nTOKEN\r\nX-HTTP-Method-Override: "
            + "DELETE\r\nX-Original-URL: /wipe\r\nConnection: close, X-Tenant\r\nX-Forwarded-For: 1.2.3.4\r\n"
            + "Cookie: a=b\r\n"
            + "X-Tenant: acme\r\nX-Anything: 1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");

        var sent = bench.Upstream.Only;
        Assert.StartsWith("POST /free HTTP/1.1\r\n", sent, StringComparison.Ordinal);
        Assert.Contains("X-Tenant: acme\r\n", sent, StringComparison.OrdinalIgnoreCase);
        foreach (var gone in (string[])["Override", "Original", "Forwarded", "Cookie", "Anything", "Authorization"])
        {
            Assert.DoesNotContain(gone, sent, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task A_target_that_echoes_its_credential_gives_it_to_nobody()
    {
        await using var bench = await HttpBench.StartAsync(
            "credentials: { basic: { user: svc, password: PASSWORD-of-the-service+/ } }");
        bench.Upstream.Answer = async (request, stream) =>
        {
            var body = "{\"echo\":" + System.Text.Json.JsonSerializer.Serialize(request) + "}";
            await stream.WriteAsync(
                Encoding.Latin1.GetBytes(RawUpstream.Ok(body, more:
                    "X-Echo: PASSWORD-of-the-service+/\r\n"
                    + $"Location: https://login/?t={Uri.EscapeDataString("PASSWORD-of-the-service+/")}\r\n")));
            return true;
        };

        var answer = await bench.Agent.GetAsync("/http/billing/echo", Cancelled);

        var encoded = Convert.ToBase64String("svc:PASSWORD-of-the-service+/"u8);
        Assert.Contains(encoded, bench.Upstream.Only, StringComparison.Ordinal);
        var shown = await answer.Content.ReadAsStringAsync(Cancelled) + answer.Headers;
        var action = await bench.ActionAsync(Assert.Single(answer.Headers.GetValues("Countersign-Action")));
        Assert.DoesNotContain(encoded, shown + action, StringComparison.Ordinal);
        Assert.DoesNotContain("PASSWORD-of", shown + action, StringComparison.Ordinal);
        Assert.Contains("(secret)", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/graphql")]
    [InlineData("/GraphQL")]
    [InlineData("/graphql/")]
    public async Task A_mutation_by_get_is_refused_however_the_path_is_written(string path)
    {
        await using var bench = await HttpBench.StartAsync("graphql: /graphql");

        var answer = await bench.Agent.GetAsync($"/http/billing{path}?query=mutation{{wipe}}", Cancelled);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Empty(bench.Upstream.Requests);
    }

    /// <summary>Two pieces of a secret are no secret to whatever looks for it.</summary>
    [Theory]
    [InlineData("", false)]
    [InlineData("redact: none", true)]
    [InlineData("redact: none\ncredentials: { bearer: PASSWORD-of-the-service }", false)]
    public async Task A_piece_of_an_answer_is_asked_for_only_where_nothing_has_to_be_found_in_it(
        string target, bool isAsked)
    {
        await using var bench = await HttpBench.StartAsync(target);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/http/billing/export");
        request.Headers.TryAddWithoutValidation("Range", "bytes=0-9");
        request.Headers.TryAddWithoutValidation("If-Range", "\"v1\"");

        await bench.Agent.SendAsync(request, Cancelled);

        Assert.Equal(isAsked, bench.Upstream.Only.Contains("range: ", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("printf 'Bearer made-for-one-call'", HttpStatusCode.OK)]
    [InlineData("exit 3", HttpStatusCode.BadGateway)]
    public async Task A_credential_is_made_for_one_request_or_nothing_is_sent(string script, HttpStatusCode expected)
    {
        using var folder = new TemporaryFolder();
        var helper = folder.PathOf("mint");
        await File.WriteAllTextAsync(helper, $"#!/bin/sh\n{script}\n", Cancelled);
        File.SetUnixFileMode(helper, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using var bench = await HttpBench.StartAsync($"credentials: {{ exec: [ \"{helper}\" ] }}");

        var answer = await bench.Agent.PostAsync("/http/billing/free", HttpBench.Json(new { }), Cancelled);

        Assert.Equal(expected, answer.StatusCode);
        if (expected == HttpStatusCode.OK)
        {
            Assert.Contains(
                "Authorization: Bearer made-for-one-call\r\n", bench.Upstream.Only, StringComparison.Ordinal);
        }
        else
        {
            Assert.Empty(bench.Upstream.Requests);
        }
    }

    [Fact]
    public async Task Only_agents_come_in_and_only_to_targets_that_exist()
    {
        await using var bench = await HttpBench.StartAsync();
        using var nobody = bench.With("nobody");
        using var basic = new HttpClient { BaseAddress = bench.Address };
        basic.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String("bot:BOT-TOKEN-0123456789"u8));

        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync("/http/billing/a", Cancelled)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await bench.Alice.GetAsync("/http/billing/a", Cancelled)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await bench.Agent.GetAsync("/http/other/a", Cancelled)).StatusCode);
        Assert.Empty(bench.Upstream.Requests);
        Assert.Equal(HttpStatusCode.OK, (await basic.GetAsync("/http/billing/a", Cancelled)).StatusCode);
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpBench bench, string prefer)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/http/billing/v1/refunds")
        {
            Content = HttpBench.Json(new { amount = 5 }),
        };
        request.Headers.Add("Prefer", prefer);
        return await bench.Agent.SendAsync(request, Cancelled);
    }
}
