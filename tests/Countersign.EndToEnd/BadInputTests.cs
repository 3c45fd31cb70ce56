using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>What cannot be understood is refused with a reason, recorded nowhere, and harms nobody else.</summary>
public sealed class BadInputTests(SharedBench shared) : IClassFixture<SharedBench>
{
    private const int Megabyte = 1024 * 1024;

    private readonly Bench _bench = shared.Bench;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Arguments that no gate takes, the status, and a word of the reason.</summary>
    public static TheoryData<string, int, string> BadArguments => new()
    {
        { "{\"a\":1,\"a\":2}", 400, "a" },
        { "{\"Name\":1,\"name\":2}", 400, "name" },
        { "{\"a\":\"\\ud800\"}", 400, "surrogate" },
        { "{\"a\":1e999}", 400, "number" },
        { "{\"a\":\u0001}", 400, "" },
        { "{\"a\":1", 400, "" },
        { "{\"a\":1}}", 400, "" },
        { "\"\\u00ff\\u00ff\"", 400, "object" },
        { Nested(100), 413, "limits.depth" },
    };

    [Theory]
    [MemberData(nameof(BadArguments))]
    public async Task The_API_refuses_arguments_it_cannot_understand(string arguments, int status, string reason)
    {
        var before = await _bench.Alice.LedgerSizeAsync(Cancel);

        var answer = await _bench.Agent.AskAsync("ops", "read_report", arguments, Cancel);

        Assert.Equal(status, (int)answer.Status);
        Assert.Equal(status == 413 ? "too-large" : "malformed-action", answer.Problem);
        Assert.Contains(reason, answer.Text("detail"), StringComparison.OrdinalIgnoreCase);
        await AssertUntouchedAsync(before);
    }

    [Theory]
    [MemberData(nameof(BadArguments))]
    public async Task MCP_refuses_arguments_it_cannot_understand(string arguments, int status, string reason)
    {
        var session = await InitializeAsync();
        var before = await _bench.Alice.LedgerSizeAsync(Cancel);

        var (answered, text) = await CallAsync(session, Encoding.UTF8.GetBytes(CallBody(arguments)));

        // Arguments that are no object are an error inside JSON-RPC, not of the transport.
        Assert.Equal(arguments[0] == '"' ? 200 : status, answered);
        Assert.Contains("\"error\"", text, StringComparison.Ordinal);
        Assert.Contains(reason, text, StringComparison.OrdinalIgnoreCase);
        await AssertUntouchedAsync(before);
    }

    [Fact]
    public async Task Twenty_megabytes_of_arguments_are_too_large_for_the_API()
    {
        var before = await _bench.Alice.LedgerSizeAsync(Cancel);

        var answer = await _bench.Agent.AskAsync("ops", "read_report", Large(20 * Megabyte), Cancel);

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "too-large"), (answer.Status, answer.Problem));
        Assert.Contains("limits.body", answer.Text("detail"), StringComparison.Ordinal);
        await AssertUntouchedAsync(before);
    }

    [Fact]
    public async Task Twenty_megabytes_of_arguments_are_too_large_for_MCP()
    {
        var session = await InitializeAsync();
        var before = await _bench.Alice.LedgerSizeAsync(Cancel);

        var (status, text) = await CallAsync(session, Encoding.UTF8.GetBytes(CallBody(Large(20 * Megabyte))));

        Assert.Equal(413, status);
        Assert.Contains("limits.body", text, StringComparison.Ordinal);
        await AssertUntouchedAsync(before);
    }

    [Fact]
    public async Task Twenty_megabytes_of_unknown_length_are_too_large_as_well()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "v1/actions")
        {
            Content = Json(Encoding.UTF8.GetBytes(Api.AskBody("ops", "read_report", Large(20 * Megabyte)))),
        };
        request.Headers.TransferEncodingChunked = true;

        var answer = await _bench.Agent.SendAsync(request, Cancel);

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "too-large"), (answer.Status, answer.Problem));
    }

    [Fact]
    public async Task Invalid_UTF8_is_malformed_on_both_gates()
    {
        var session = await InitializeAsync();
        var before = await _bench.Alice.LedgerSizeAsync(Cancel);
        var request = new HttpRequestMessage(HttpMethod.Post, "v1/actions")
        {
            Content = Json(WithBadByte(Api.AskBody("ops", "read_report", """{"a":"?"}"""))),
        };

        var answer = await _bench.Agent.SendAsync(request, Cancel);
        var (status, text) = await CallAsync(session, WithBadByte(CallBody("""{"a":"?"}""")));

        Assert.Equal((HttpStatusCode.BadRequest, "malformed-action"), (answer.Status, answer.Problem));
        Assert.Contains("UTF-8", answer.Text("detail"), StringComparison.Ordinal);
        Assert.Equal(400, status);
        Assert.Contains("UTF-8", text, StringComparison.Ordinal);
        await AssertUntouchedAsync(before);
    }

    [Theory]
    [InlineData("""{"target":"ops","operation":"read_report","argumens":{}}""", "argumens")]
    [InlineData("""{"target":"ops","arguments":{}}""", "operation")]
    [InlineData("""{"target":7,"operation":"read_report"}""", "target")]
    [InlineData("""["ops"]""", "object")]
    [InlineData("", "")]
    public async Task A_request_with_other_members_is_malformed(string body, string reason)
    {
        var before = await _bench.Alice.LedgerSizeAsync(Cancel);

        var answer = await _bench.Agent.PostAsync("v1/actions", body, Cancel);

        Assert.Equal((HttpStatusCode.BadRequest, "malformed-action"), (answer.Status, answer.Problem));
        Assert.Contains(reason, answer.Text("detail"), StringComparison.Ordinal);
        await AssertUntouchedAsync(before);
    }

    [Theory]
    [InlineData("nothing-there")]
    [InlineData("../ops")]
    [InlineData("OPS")]
    public async Task An_unknown_target_is_named(string target)
    {
        var before = await _bench.Alice.LedgerSizeAsync(Cancel);

        var answer = await _bench.Agent.AskAsync(target, "read_report", "{}", Cancel);

        Assert.Equal((HttpStatusCode.NotFound, "unknown-target"), (answer.Status, answer.Problem));
        Assert.Contains($"'{target}'", answer.Text("detail"), StringComparison.Ordinal);
        await AssertUntouchedAsync(before);
    }

    [Fact]
    public async Task MCP_names_an_unknown_target()
    {
        var (status, text) = await PostAsync("mcp/nothing-there", ProductFolder.TokenOf("DEPLOY_BOT"), HelloBody);

        Assert.Equal(404, status);
        var error = JsonElement.Parse(text).GetProperty("error").GetProperty("message").GetString();
        Assert.Contains("'nothing-there'", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("guessed")]
    public async Task MCP_lets_nobody_in_without_a_token(string? token)
    {
        var (status, text) = await PostAsync("mcp/ops", token, HelloBody);

        Assert.Equal(401, status);
        Assert.Contains("Authorization: Bearer TOKEN", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MCP_lets_no_person_in()
    {
        var (status, _) = await PostAsync("mcp/ops", ProductFolder.TokenOf("ALICE"), HelloBody);

        Assert.Equal(403, status);
    }

    private static string HelloBody =>
        """
        {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},
        "clientInfo":{"name":"raw","version":"1"}}}
        """;

    private static string CallBody(string arguments) =>
        """{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"read_report","arguments":"""
        + arguments + "}}";

    private static string Nested(int depth) =>
        new StringBuilder().Insert(0, "{\"a\":", depth).Append('1').Append('}', depth).ToString();

    private static string Large(int bytes) => $$"""{"a":"{{new string('x', bytes)}}"}""";

    private static byte[] WithBadByte(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        bytes[Array.IndexOf(bytes, (byte)'?')] = 0xff;
        return bytes;
    }

    private static ByteArrayContent Json(byte[] bytes) =>
        new(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    private async Task AssertUntouchedAsync(long before)
    {
        Assert.Equal(before, await _bench.Alice.LedgerSizeAsync(Cancel));
        Assert.Empty(_bench.Upstream.Calls);
        Assert.True(_bench.Product.IsRunning);
    }

    private async Task<string> InitializeAsync()
    {
        var hello = Encoding.UTF8.GetBytes(HelloBody);
        using var response = await SendAsync("mcp/ops", ProductFolder.TokenOf("DEPLOY_BOT"), hello);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var session = response.Headers.GetValues("Mcp-Session-Id").Single();
        // What the tools look like is recorded on first sight, and that is no test's subject here.
        await CallAsync(session, """{"jsonrpc":"2.0","id":3,"method":"tools/list"}"""u8.ToArray());
        return session;
    }

    private async Task<(int Status, string Text)> CallAsync(string session, byte[] body)
    {
        using var response = await SendAsync("mcp/ops", ProductFolder.TokenOf("DEPLOY_BOT"), body, session);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }

    private async Task<(int Status, string Text)> PostAsync(string path, string? token, string body)
    {
        using var response = await SendAsync(path, token, Encoding.UTF8.GetBytes(body));
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }

    private async Task<HttpResponseMessage> SendAsync(string path, string? token, byte[] body, string? session = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = Json(body) };
        request.Headers.Accept.ParseAdd("application/json");
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (session is not null)
        {
            request.Headers.Add("Mcp-Session-Id", session);
        }

        return await _bench.Product.WithToken(token).Http.SendAsync(request, Cancel);
    }
}
