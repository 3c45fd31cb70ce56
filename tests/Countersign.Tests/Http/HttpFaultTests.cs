using System.Net;
using System.Text;

namespace Countersign.Tests.Http;

/// <summary>A request is sent once, and what became of it is said honestly.</summary>
public sealed class HttpFaultTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_write_whose_answer_is_lost_is_unknown_and_never_sent_again()
    {
        await using var bench = await HttpBench.StartAsync();
        await bench.Agent.GetAsync("/http/billing/warm", Cancelled);
        bench.Upstream.Answer = (_, _) => Task.FromResult(false);

        var answer = await bench.Agent.PostAsync("/http/billing/free", HttpBench.Json(new { }), Cancelled);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal("unknown", (await HttpBench.JsonAsync(answer)).GetProperty("state").GetString());
        Assert.Single(bench.Upstream.Requests, request => request.StartsWith("POST", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_delete_without_a_body_is_not_sent_again_either()
    {
        await using var bench = await HttpBench.StartAsync(policy: HttpBench.Policy.Replace(
            "http.path == \"/free\"", "http.path == \"/free\" || http.method == \"DELETE\"", StringComparison.Ordinal)
            .Replace("\"PATCH\", \"DELETE\"", "\"PATCH\"", StringComparison.Ordinal));
        await bench.Agent.GetAsync("/http/billing/warm", Cancelled);
        bench.Upstream.Answer = (_, _) => Task.FromResult(false);

        var answer = await bench.Agent.DeleteAsync("/http/billing/things/1", Cancelled);

        Assert.Equal("unknown", (await HttpBench.JsonAsync(answer)).GetProperty("state").GetString());
        Assert.Single(bench.Upstream.Requests, request => request.StartsWith("DELETE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_get_that_is_recorded_before_it_leaves_is_not_sent_again_either()
    {
        await using var bench = await HttpBench.StartAsync();
        await bench.Agent.GetAsync("/http/billing/warm", Cancelled);
        bench.Upstream.Answer = (_, _) => Task.FromResult(false);

        await bench.Agent.GetAsync("/http/billing/jobs/7/run", Cancelled);

        Assert.Single(
            bench.Upstream.Requests, request => request.StartsWith("GET /jobs/7/run", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(307)]
    [InlineData(308)]
    public async Task A_change_that_the_target_sends_elsewhere_was_not_made(int status)
    {
        await using var bench = await HttpBench.StartAsync();
        bench.Upstream.Answer = RawUpstream.Says(
            $"HTTP/1.1 {status} Elsewhere\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n");

        var answer = await bench.Agent.PostAsync("/http/billing/free", HttpBench.Json(new { }), Cancelled);

        var id = answer.Headers.GetValues("Countersign-Action").Single();
        Assert.Equal(
            "failed", (await bench.ActionAsync(id)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_target_that_is_away_failed_and_got_nothing()
    {
        await using var bench = await HttpBench.StartAsync();
        await bench.Upstream.DisposeAsync();

        var answer = await bench.Agent.PostAsync("/http/billing/free", HttpBench.Json(new { }), Cancelled);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        var problem = await HttpBench.JsonAsync(answer);
        Assert.Equal("failed", problem.GetProperty("state").GetString());
        Assert.Contains("Nothing was sent", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(404, "failed", 404)]
    [InlineData(500, "failed", 500)]
    [InlineData(504, "unknown", 504)]
    [InlineData(302, "succeeded", 302)]
    [InlineData(204, "succeeded", 204)]
    public async Task What_the_target_says_is_passed_on_and_recorded(int status, string state, int shown)
    {
        await using var bench = await HttpBench.StartAsync();
        bench.Upstream.Answer = RawUpstream.Says(
            $"HTTP/1.1 {status} X\r\nLocation: http://elsewhere.test/x\r\n"
            + (status == 204 ? "\r\n" : "Content-Length: 0\r\n\r\n"));

        var answer = await bench.Agent.PostAsync("/http/billing/free", HttpBench.Json(new { }), Cancelled);

        Assert.Equal(shown, (int)answer.StatusCode);
        var action = await bench.ActionAsync(Assert.Single(answer.Headers.GetValues("Countersign-Action")));
        Assert.Equal(state, action.GetProperty("state").GetString());
        Assert.Single(bench.Upstream.Requests);
    }

    [Fact]
    public async Task A_target_that_refuses_the_gateways_credential_is_not_taken_for_one_that_refuses_the_agents()
    {
        await using var bench = await HttpBench.StartAsync("credentials: { header: X-Api-Key, value: UPSTREAM-KEY-1 }");
        bench.Upstream.Answer = RawUpstream.Says(
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n");

        var answer = await bench.Agent.GetAsync("/http/billing/a", Cancelled);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        var problem = await HttpBench.JsonAsync(answer);
        Assert.Contains("'credentials'", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_answer_is_passed_on_whole_and_recorded_in_part()
    {
        await using var bench = await HttpBench.StartAsync();
        var piece = Encoding.Latin1.GetBytes(new string('x', 64 * 1024));
        const int pieces = 100;
        bench.Upstream.Answer = async (_, stream) =>
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(
                $"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {piece.Length * pieces}\r\n\r\n"));
            for (var i = 0; i < pieces; i++)
            {
                await stream.WriteAsync(piece);
            }

            return true;
        };

        var answer = await bench.Agent.GetAsync("/http/billing/long", Cancelled);

        Assert.Equal(piece.Length * pieces, (await answer.Content.ReadAsByteArrayAsync(Cancelled)).Length);
        var action = await bench.ActionAsync(Assert.Single(answer.Headers.GetValues("Countersign-Action")));
        var result = action.GetProperty("outcome").GetProperty("result");
        Assert.True(result.GetProperty("truncated").GetBoolean());
        Assert.InRange(result.GetProperty("body").GetString()!.Length, 1, 1024 * 1024);
    }

    [Fact]
    public async Task An_answer_that_breaks_off_is_not_passed_on_as_a_whole_one()
    {
        await using var bench = await HttpBench.StartAsync();
        bench.Upstream.Answer = async (_, stream) =>
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2000000\r\n\r\n"
                    + new string('x', 600_000)));
            return false;
        };

        await Assert.ThrowsAsync<HttpRequestException>(async () =>
        {
            var answer = await bench.Agent.GetAsync(
                "/http/billing/long", HttpCompletionOption.ResponseHeadersRead, Cancelled);
            await answer.Content.ReadAsByteArrayAsync(Cancelled);
        });
    }

    [Fact]
    public async Task A_compressed_answer_is_undone_and_masked()
    {
        await using var bench = await HttpBench.StartAsync("redact: { response: [email] }");
        using var packed = new MemoryStream();
        await using (var gzip = new System.IO.Compression.GZipStream(
            packed, System.IO.Compression.CompressionLevel.Optimal, leaveOpen: true))
        {
            await gzip.WriteAsync("""{"mail":"joe@acme.io"}"""u8.ToArray(), Cancelled);
        }

        bench.Upstream.Answer = async (_, stream) =>
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
                + $"Content-Length: {packed.Length}\r\n\r\n"));
            await stream.WriteAsync(packed.ToArray());
            return true;
        };

        var answer = await bench.Agent.GetAsync("/http/billing/a", Cancelled);

        Assert.Equal("""{"mail":"[email]"}""", await answer.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal("email=1", Assert.Single(answer.Headers.GetValues("Countersign-Masked")));
        Assert.Empty(answer.Content.Headers.ContentEncoding);
    }

    [Fact]
    public async Task Fields_headers_and_values_are_masked_before_anybody_reads_them()
    {
        await using var bench = await HttpBench.StartAsync(
            "mask: [ { field: ssn }, { header: X-Key }, { path: \"$..deep.token\", as: drop } ]\n"
            + "redact: { response: [email] }");
        bench.Upstream.Answer = RawUpstream.Says(RawUpstream.Ok(
            """{"ssn":"078-05-1120","a":"joe@acme.io","deep":{"token":"t","b":1}}""",
            more: "X-Key: k-12345\r\nX-Mail: joe@acme.io\r\n"));

        var answer = await bench.Agent.GetAsync("/http/billing/a", Cancelled);

        Assert.Equal(
            """{"ssn":"[field]","a":"[email]","deep":{"token":"","b":1}}""",
                await answer.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal("[field]", Assert.Single(answer.Headers.GetValues("X-Key")));
        Assert.Equal("[email]", Assert.Single(answer.Headers.GetValues("X-Mail")));
        var action = await bench.ActionAsync(Assert.Single(answer.Headers.GetValues("Countersign-Action")));
        Assert.DoesNotContain("joe@", action.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("078-", action.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_fields_are_masked_another_format_is_withheld()
    {
        await using var bench = await HttpBench.StartAsync("mask: [ { field: ssn } ]");
        bench.Upstream.Answer = RawUpstream.Says(RawUpstream.Ok("ssn\n078-05-1120", "text/csv"));

        var answer = await bench.Agent.GetAsync("/http/billing/a", Cancelled);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        var problem = await answer.Content.ReadAsStringAsync(Cancelled);
        Assert.Contains("withheld", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("078-05", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_cuts_what_an_agent_receives()
    {
        await using var bench = await HttpBench.StartAsync();
        var begun = new TaskCompletionSource();
        var over = new TaskCompletionSource();
        bench.Upstream.Answer = async (_, stream) =>
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2000000\r\n\r\n"
                    + new string('x', 600_000)));
            begun.SetResult();
            await over.Task;
            return false;
        };
        var answer = await bench.Agent.GetAsync(
            "/http/billing/long", HttpCompletionOption.ResponseHeadersRead, Cancelled);
        await begun.Task.WaitAsync(Cancelled);

        var stop = await bench.Alice.PostAsync(
            "/v1/agents/bot/stop", HttpBench.Json(new { comment = "enough" }), Cancelled);
        Assert.True(stop.IsSuccessStatusCode, await stop.Content.ReadAsStringAsync(Cancelled));

        await Assert.ThrowsAnyAsync<Exception>(() => answer.Content.ReadAsByteArrayAsync(Cancelled));
        Assert.Equal(
            HttpStatusCode.Forbidden, (await bench.Agent.GetAsync("/http/billing/a", Cancelled)).StatusCode);
        over.SetResult();
    }
}
