using System.Net;
using System.Text.Json.Nodes;

namespace Countersign.Tests.Mcp;

/// <summary>Who comes in, and what the transport refuses before anything looks at a tool.</summary>
public sealed class TransportTests : IAsyncLifetime
{
    private const string List = """{"jsonrpc":"2.0","id":1,"method":"tools/list"}""";

    private FakeServer _server = null!;
    private GateHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.Add(FakeServer.Tool("read"));
        _host = await GateHost.StartAsync(_server);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    [InlineData("wrong", HttpStatusCode.Unauthorized)]
    [InlineData("alice-token", HttpStatusCode.Forbidden)]
    public async Task Only_agents_come_in(string? token, HttpStatusCode expected)
    {
        using var client = new RawClient(_host.Endpoint, token);

        using var response = await client.PostAsync(List);

        Assert.Equal(expected, response.StatusCode);
        Assert.Equal(expected == HttpStatusCode.Unauthorized, response.Headers.WwwAuthenticate.ToString() == "Bearer");
    }

    [Fact]
    public async Task An_unknown_target_is_not_found()
    {
        using var client = new RawClient(new Uri(_host.Address, "/mcp/nothing"));

        using var response = await client.PostAsync(List);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.NotNull(JsonNode.Parse(await Body(response))!["error"]);
    }

    [Theory]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Host", "evil.example")]
    public async Task A_page_of_another_origin_is_forbidden(string header, string value)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, _host.Endpoint);
        request.Content = new StringContent(List);
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer bot-token");
        request.Headers.TryAddWithoutValidation(header, value);

        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task A_request_without_a_session_is_refused_and_with_an_unknown_one_not_found()
    {
        using var client = new RawClient(_host.Endpoint);

        using var missing = await client.PostAsync(List);
        client.Session = "AAAA";
        using var unknown = await client.PostAsync(List);

        Assert.Equal(HttpStatusCode.BadRequest, missing.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task The_session_of_another_agent_is_not_found()
    {
        using var client = await RawClient.OpenAsync(_host);
        using var thief = new RawClient(_host.Endpoint, "other-token") { Session = client.Session };

        using var response = await thief.PostAsync(List);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task An_ended_session_is_not_found()
    {
        using var client = await RawClient.OpenAsync(_host);

        using var ended = await client.SendAsync(HttpMethod.Delete);
        using var response = await client.PostAsync(List);

        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Theory]
    [InlineData("2025-03-26", "2025-03-26")]
    [InlineData("2025-06-18", "2025-06-18")]
    [InlineData("2025-11-25", "2025-11-25")]
    [InlineData("2024-11-05", "2025-11-25")]
    [InlineData("2099-01-01", "2025-11-25")]
    public async Task The_version_a_client_asks_for_is_echoed_when_it_is_known(string requested, string expected)
    {
        using var client = new RawClient(_host.Endpoint);
        var parameters = $$"""{"protocolVersion":"{{requested}}","capabilities":{} }""";

        var answer = await client.AskAsync("initialize", parameters);

        Assert.Equal(expected, (string?)answer["result"]!["protocolVersion"]);
    }

    [Fact]
    public async Task An_older_upstream_server_lowers_the_version()
    {
        _server.Version = "2025-06-18";
        using var client = new RawClient(_host.Endpoint);

        var answer = await client.AskAsync("initialize", """{"protocolVersion":"2025-11-25","capabilities":{}}""");

        Assert.Equal("2025-06-18", (string?)answer["result"]!["protocolVersion"]);
    }

    [Fact]
    public async Task An_unknown_version_is_refused_without_the_error_codes_of_a_modern_server()
    {
        using var client = await RawClient.OpenAsync(_host);
        client.Version = "1999-01-01";

        using var response = await client.PostAsync(List);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var code = (int?)JsonNode.Parse(await Body(response))!["error"]!["code"];
        Assert.DoesNotContain(code, new int?[] { -32020, -32021, -32022 });
    }

    [Theory]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"method":"ping"}]""", 400, -32600)]
    [InlineData("""{"id":1,"method":"ping"}""", 400, -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":null,"method":"ping"}""", 400, -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}""", 400, -32700)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"a":"read","A":"drop"}}""", 400, -32700)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping"} x""", 400, -32700)]
    public async Task What_is_no_single_strict_message_is_refused(string body, int status, int code)
    {
        using var client = await RawClient.OpenAsync(_host);

        using var response = await client.PostAsync(body);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(code, (int?)JsonNode.Parse(await Body(response))!["error"]!["code"]);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_too_large()
    {
        using var client = await RawClient.OpenAsync(_host);

        using var response = await client.PostAsync($$"""{"x":"{{new string('x', 11 * 1024 * 1024)}}"}""");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Methods_nobody_knows_are_refused_and_not_passed_on()
    {
        using var client = await RawClient.OpenAsync(_host);

        var answer = await client.AskAsync("admin/everything");

        Assert.Equal(-32601, (int?)answer["error"]!["code"]);
        Assert.DoesNotContain(_server.Requests, request => request.RpcMethod == "admin/everything");
    }

    [Fact]
    public async Task A_target_that_does_not_answer_makes_initialize_an_error_with_a_reason()
    {
        await _server.DisposeAsync();
        using var client = new RawClient(_host.Endpoint);

        var answer = await client.AskAsync("initialize", """{"protocolVersion":"2025-11-25","capabilities":{}}""");

        var reason = (string?)answer["error"]!["message"];
        Assert.Contains("Target 'ops' is not available", reason, StringComparison.Ordinal);
    }

    private static Task<string> Body(HttpResponseMessage response) =>
        response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
}
