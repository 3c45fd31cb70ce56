using System.Net;
using System.Text.Json;

namespace Countersign.Tests.Http;

/// <summary>People see what a request would change, may change it themselves, and what they saw is what runs.</summary>
public sealed class HttpReviewTests
{
    private const string Document = """
        openapi: 3.0.3
        info: { title: Billing, version: "1" }
        paths:
          /customers/{id}:
            get: { operationId: getCustomer }
            put:
              operationId: putCustomer
              requestBody: { $ref: "#/components/requestBodies/Customer" }
            delete: { operationId: deleteCustomer }
        components:
          requestBodies:
            Customer:
              required: true
              content:
                text/plain: { schema: { type: string } }
                application/merge-patch+json: { schema: { $ref: "#/components/schemas/Customer" } }
          schemas:
            Customer:
              type: object
              required: [ name ]
              properties:
                name: { type: string, maxLength: 9 }
                limit: { type: integer, nullable: true }
        """;

    private const string Target = """
        openapi: billing.yaml
        preview: { deleteCustomer: "GET /customers/{id}", "PUT /customers/{id}": "GET /customers/{id}" }
        """;

    private const string Policy = """
        version: 1
        default: deny
        rules:
          - id: known-reads
            when: action.gate == "http" && http.operation_id == "getCustomer"
            then: allow
          - id: everything-else
            when: action.gate == "http" && http.method == "GET" && http.path.startsWith("/free")
            then: allow
          - id: known-writes
            reason: Customers are precious.
            when: action.gate == "http" && http.method != "GET" && http.mapped && http.path_parameters["id"] != "0"
            then: { require: { stages: [ { of: group:platform, need: 1, within: 30m } ], assurance: token } }
        """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_companion_shows_what_is_there_and_its_version_is_sent_along()
    {
        await using var bench = await StartAsync();
        bench.Upstream.Answer = async (request, stream) =>
        {
            var answer = request.StartsWith("GET", StringComparison.Ordinal)
                ? RawUpstream.Ok("""{"name":"Joe"}""", more: "ETag: \"v7\"\r\n")
                : "HTTP/1.1 204 No Content\r\n\r\n";
            await stream.WriteAsync(System.Text.Encoding.Latin1.GetBytes(answer), Cancelled);
            return true;
        };

        var asking = bench.Agent.DeleteAsync("/http/billing/customers/7", Cancelled);
        var open = await bench.OpenAsync();
        Assert.Contains(
            "Joe", open.GetProperty("preview").GetProperty("summary").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            "deleteCustomer", open.GetProperty("facts").GetProperty("http").GetProperty("operation_id").GetString());
        await bench.VoteAsync(open, "approve");

        Assert.Equal(HttpStatusCode.NoContent, (await asking).StatusCode);
        Assert.Equal(2, bench.Upstream.Requests.Count);
        Assert.StartsWith("DELETE /customers/7 ", bench.Upstream.Requests[1], StringComparison.Ordinal);
        Assert.Contains("If-Match: \"v7\"\r\n", bench.Upstream.Requests[1], StringComparison.Ordinal);
    }

    /// <summary>A page of a list has as many rows as it shows, and the list may have more.</summary>
    [Theory]
    [InlineData("200 OK", "", true)]
    [InlineData("200 OK", "Link: </customers?page=1>; rel=\"prev\"\r\n", true)]
    [InlineData("200 OK", "Link: </customers?page=2>; rel=\"next\"\r\n", false)]
    [InlineData("206 Partial Content", "", false)]
    public async Task The_companion_counts_exactly_only_what_it_shows_as_a_whole(string status, string more, bool exact)
    {
        await using var bench = await StartAsync();
        bench.Upstream.Answer = RawUpstream.Says(
            RawUpstream.Ok("""[{"id":1},{"id":2}]""", more: more).Replace("200 OK", status, StringComparison.Ordinal));

        var asking = bench.Agent.DeleteAsync("/http/billing/customers/7", Cancelled);
        var open = await bench.OpenAsync();
        await bench.VoteAsync(open, "deny");
        await asking;

        var preview = open.GetProperty("preview");
        Assert.Equal(2, preview.GetProperty("rows").GetInt64());
        Assert.Equal(exact, preview.GetProperty("exact").GetBoolean());
    }

    [Theory]
    [InlineData("*", true)]
    [InlineData("\"v7\"", true)]
    [InlineData("\"v6\", \"v7\", \"v8\"", true)]
    [InlineData("\"v6\"", false)]
    public async Task It_runs_on_the_version_that_people_saw_whatever_the_agent_asked_to_match(
        string asked, bool isSent)
    {
        await using var bench = await StartAsync();
        bench.Upstream.Answer = RawUpstream.Says(RawUpstream.Ok("{}", more: "ETag: \"v7\"\r\n"));
        using var request = new HttpRequestMessage(HttpMethod.Delete, "/http/billing/customers/7");
        request.Headers.TryAddWithoutValidation("If-Match", asked);

        var asking = bench.Agent.SendAsync(request, Cancelled);
        await bench.VoteAsync(await bench.OpenAsync(), "approve");
        var answer = await asking;

        Assert.Equal(isSent ? 2 : 1, bench.Upstream.Requests.Count);
        if (isSent)
        {
            Assert.Contains("If-Match: \"v7\"\r\n", bench.Upstream.Requests[1], StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("v6", bench.Upstream.Requests[1], StringComparison.Ordinal);
        }
        else
        {
            var problem = await HttpBench.JsonAsync(answer);
            Assert.Contains("Nothing was sent", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("GET", "/customers/7", HttpStatusCode.OK)]
    [InlineData("GET", "/customers/7/secrets", HttpStatusCode.Forbidden)]
    [InlineData("GET", "/free", HttpStatusCode.Forbidden)]
    [InlineData("POST", "/customers/7", HttpStatusCode.Forbidden)]
    [InlineData("DELETE", "/customers/0", HttpStatusCode.Forbidden)]
    public async Task Rules_name_operations_and_what_is_not_described_falls_to_the_default(
        string method, string path, HttpStatusCode expected)
    {
        await using var bench = await StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), "/http/billing" + path);

        Assert.Equal(expected, (await bench.Agent.SendAsync(request, Cancelled)).StatusCode);
    }

    [Fact]
    public async Task A_reviewer_changes_the_body_and_the_agent_learns_of_it()
    {
        await using var bench = await HttpBench.StartAsync();
        using var erin = bench.With("ERIN-TOKEN-0123456789");
        var asking = bench.Agent.PostAsync(
            "/http/billing/v1/refunds", HttpBench.Text("{ \"amount\": 500 }", "application/json"), Cancelled);
        var open = await bench.OpenAsync();
        var arguments = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(open.GetProperty("arguments"))!;
        arguments["body"] = JsonSerializer.SerializeToElement(new { amount = 5 });

        var revised = await bench.Alice.PostAsync(
            $"/v1/actions/{open.GetProperty("id").GetString()}/revisions",
            HttpBench.Json(new { digest = open.GetProperty("digest").GetString(), arguments, comment = "less" }),
            Cancelled);

        Assert.Equal(HttpStatusCode.OK, revised.StatusCode);
        await bench.VoteAsync(await HttpBench.JsonAsync(revised), "approve", erin);

        Assert.Equal("alice", Assert.Single((await asking).Headers.GetValues("Countersign-Changed")));
        Assert.EndsWith("\r\n\r\n{\"amount\":5}", bench.Upstream.Only, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_change_the_companion_is_asked_again_and_the_version_it_shows_then_is_sent_along()
    {
        await using var bench = await StartAsync();
        using var erin = bench.With("ERIN-TOKEN-0123456789");
        var versions = 0;
        bench.Upstream.Answer = async (request, stream) =>
        {
            var answer = request.StartsWith("GET", StringComparison.Ordinal)
                ? RawUpstream.Ok($$"""{"name":"Joe {{++versions}}"}""", more: $"ETag: \"v{versions}\"\r\n")
                : "HTTP/1.1 204 No Content\r\n\r\n";
            await stream.WriteAsync(System.Text.Encoding.Latin1.GetBytes(answer), Cancelled);
            return true;
        };
        var asking = bench.Agent.PutAsync(
            "/http/billing/customers/7", HttpBench.Text("""{"name":"Ann"}""", "application/json"), Cancelled);
        var open = await bench.OpenAsync();
        Assert.Contains("Joe 1", SummaryOf(open), StringComparison.Ordinal);
        var arguments = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(open.GetProperty("arguments"))!;
        arguments["body"] = JsonSerializer.SerializeToElement(new { name = "Bob" });

        var revised = await HttpBench.JsonAsync(await bench.Alice.PostAsync(
            $"/v1/actions/{open.GetProperty("id").GetString()}/revisions",
            HttpBench.Json(new { digest = open.GetProperty("digest").GetString(), arguments }),
            Cancelled));
        await bench.VoteAsync(revised, "approve", erin);

        Assert.Equal(HttpStatusCode.NoContent, (await asking).StatusCode);
        Assert.Contains("Joe 2", SummaryOf(revised), StringComparison.Ordinal);
        Assert.Equal(
            ["GET /customers/7", "GET /customers/7", "PUT /customers/7"],
            bench.Upstream.Requests.Select(request => request[..request.IndexOf(" HTTP", StringComparison.Ordinal)]));
        Assert.Contains("If-Match: \"v2\"\r\n", bench.Upstream.Requests[2], StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n{\"name\":\"Bob\"}", bench.Upstream.Requests[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"body":{"name":"Ann","limit":null,"old":1}}""", null)]
    [InlineData("""{"body":{"name":"Ann","limit":"5","old":1}}""", "'body.limit' must be of type integer")]
    [InlineData("""{"body":{"limit":5}}""", "'body.name' is missing")]
    [InlineData("""{"body":{"name":"Bartholomew"}}""", "'body.name'")]
    [InlineData("""{"body":"Ann"}""", "'body' must be of type object")]
    [InlineData("""{}""", "'body' is missing")]
    public async Task What_a_reviewer_writes_has_to_fit_the_document(string changed, string? unfit)
    {
        await using var bench = await StartAsync();
        var asking = bench.Agent.PutAsync(
            "/http/billing/customers/7",
            HttpBench.Text("""{"name":"Joe","old":1}""", "application/json"),
            Cancelled);
        var open = await bench.OpenAsync();
        var arguments = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(open.GetProperty("arguments"))!;
        arguments.Remove("body");
        arguments.Remove("body_text");
        foreach (var member in JsonElement.Parse(changed).EnumerateObject())
        {
            arguments[member.Name] = member.Value;
        }

        var revised = await bench.Alice.PostAsync(
            $"/v1/actions/{open.GetProperty("id").GetString()}/revisions",
            HttpBench.Json(new { digest = open.GetProperty("digest").GetString(), arguments }),
            Cancelled);

        var said = await revised.Content.ReadAsStringAsync(Cancelled);
        Assert.True(revised.IsSuccessStatusCode == (unfit is null), said);
        if (unfit is not null)
        {
            var detail = JsonElement.Parse(said).GetProperty("detail").GetString();
            Assert.Contains(unfit, detail, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(bench.Upstream.Requests, each => each.StartsWith("PUT", StringComparison.Ordinal));
        bench.Agent.CancelPendingRequests();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Fact]
    public async Task Over_the_api_the_same_request_is_the_same_action()
    {
        await using var bench = await HttpBench.StartAsync();

        var asked = await bench.Agent.PostAsync(
            "/v1/actions",
            HttpBench.Json(new
            {
                target = "billing",
                operation = "POST /v1/refunds",
                arguments = new { query = new { dry = "no" }, body = new { amount = 5 } },
            }),
            Cancelled);
        var action = await HttpBench.JsonAsync(asked);
        Assert.Equal("pending", action.GetProperty("state").GetString());
        await bench.VoteAsync(action, "approve");
        var ended = await bench.ActionAsync(action.GetProperty("id").GetString()!, "?wait=30");

        Assert.Equal("succeeded", ended.GetProperty("state").GetString());
        Assert.StartsWith("POST /v1/refunds?dry=no HTTP/1.1\r\n", bench.Upstream.Only, StringComparison.Ordinal);
        Assert.EndsWith("""{"amount":5}""", bench.Upstream.Only, StringComparison.Ordinal);
        Assert.True(
            ended.GetProperty("outcome").GetProperty("result").GetProperty("body").GetProperty("ok").GetBoolean());
    }

    [Theory]
    [InlineData("POST", """{"body":{"a":1}}""")]
    [InlineData("POST /a/../b", """{}""")]
    [InlineData("POST /a%20b", """{}""")]
    [InlineData("POST /a", """{"headers":{"authorization":"x"}}""")]
    [InlineData("POST /a", """{"headers":{"x-other":"x"}}""")]
    [InlineData("POST /a", """{"bodies":1}""")]
    [InlineData("POST /a", """{"query":{"a":1}}""")]
    [InlineData("TRACE /a", """{}""")]
    public async Task Over_the_api_what_cannot_be_sent_is_refused(string operation, string arguments)
    {
        await using var bench = await HttpBench.StartAsync();

        var answer = await bench.Agent.PostAsync(
            "/v1/actions",
            HttpBench.Json(
                new { target = "billing", operation, arguments = JsonDocument.Parse(arguments).RootElement }),
            Cancelled);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("malformed-action", Slug(await HttpBench.JsonAsync(answer)));
    }

    private static Task<HttpBench> StartAsync() =>
        HttpBench.StartAsync(Target, Policy, ("billing.yaml", Document));

    private static string SummaryOf(JsonElement action) =>
        action.GetProperty("preview").GetProperty("summary").GetString()!;

    private static string Slug(JsonElement problem) => problem.GetProperty("type").GetString()!.Split('/')[^1];
}
