using System.Text.Json.Nodes;

namespace Countersign.Tests.Mcp;

/// <summary>The tool that says what would become of a call.</summary>
public sealed class DryRunToolTests : IAsyncLifetime
{
    private FakeServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.AddRange([FakeServer.Tool("read"), FakeServer.Tool("write"), FakeServer.Tool("drop")]);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("read", "allow", "ALLOWED: the call would run at once.")]
    [InlineData("write", "require", "held for 1 of group:dba (today alice, bob).")]
    [InlineData("drop", "deny", "DENIED: the call would be refused. Rule 'no-drops': Nothing is dropped here.")]
    public async Task It_tells_the_verdict_and_calls_nothing(string tool, string outcome, string text)
    {
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);

        var answer = await AskAsync(client, $$"""{"tool":"{{tool}}","arguments":{"n":1} }""");

        Assert.Equal(outcome, (string?)answer["structuredContent"]!["verdict"]!["outcome"]);
        Assert.Contains(text, RawClient.TextOf(answer), StringComparison.Ordinal);
        Assert.Empty(_server.Calls);
        Assert.Empty(host.Store.Actions);
    }

    [Fact]
    public async Task It_foresees_the_digest_of_the_call()
    {
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);

        var answer = await AskAsync(client, """{"tool":"read","arguments":{"b":1,"a":2} }""");
        await client.CallAsync("read", """{"a":2,"b":1}""");

        Assert.Equal(Assert.Single(host.Store.Actions).Digest.Value, (string?)answer["structuredContent"]!["digest"]);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"tool":"none"}""")]
    [InlineData("""{"tool":"approval_wait"}""")]
    [InlineData("""{"tool":"read","arguments":[]}""")]
    public async Task A_question_about_nothing_is_an_error(string arguments)
    {
        await using var host = await GateHost.StartAsync(_server);
        using var client = await RawClient.OpenAsync(host);

        Assert.True((bool)(await AskAsync(client, arguments))["isError"]!);
    }

    private static Task<JsonNode> AskAsync(RawClient client, string arguments) =>
        client.CallAsync("would_this_need_approval", arguments);
}
