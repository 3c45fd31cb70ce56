using System.Collections.Immutable;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Gates.Credentials;
using Countersign.Gates.Mcp;
using Countersign.Tests.Policies;
using Microsoft.AspNetCore.Http;

namespace Countersign.Tests.Mcp;

/// <summary>
/// A credential made for one call: when it is made, where it travels, and what happens when there is none.
/// </summary>
public sealed class MintedCredentialTests : IAsyncLifetime
{
    private readonly List<ActionRecord> _minted = [];
    private readonly List<int> _revokedAfter = [];
    private FakeServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.AddRange(new[] { "read", "write", "count" }.Select(name => FakeServer.Tool(name)));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task It_travels_with_its_one_call_and_the_standing_one_with_everything_else()
    {
        await using var host = await StartAsync(Mint());
        using var client = await RawClient.OpenAsync(host);
        await client.AskAsync("tools/list");

        await client.CallAsync("read", """{"n":1}""");
        await client.CallAsync("read", """{"n":2}""");
        await client.AskAsync("ping");

        Assert.Equal(["Bearer minted-1", "Bearer minted-2"], _server.Calls.Select(AuthorizationOf));
        Assert.All(
            _server.Requests.Where(request => request.RpcMethod != "tools/call"),
            request => Assert.Equal("Bearer target-secret", AuthorizationOf(request)));
        Assert.Equal([1, 2], _revokedAfter);
    }

    [Fact]
    public async Task Without_a_standing_one_only_the_call_carries_any()
    {
        await using var host = await StartAsync(Mint(), standing: null);
        using var client = await RawClient.OpenAsync(host);

        await client.CallAsync("read");

        Assert.Equal("Bearer minted-1", AuthorizationOf(Assert.Single(_server.Calls)));
        Assert.Single(_server.Requests, request => request.Headers.ContainsKey("Authorization"));
    }

    [Fact]
    [Trait("Threat", "THR-032"), Trait("CWE", "324")]
    public async Task It_is_made_after_the_claim_for_exactly_the_approved_action()
    {
        await using var host = await StartAsync(Mint());
        using var client = await RawClient.OpenAsync(host);
        var calling = client.CallAsync("write", """{"n":1}""");
        await host.UntilAsync(ActionState.Pending);
        var before = _minted.Count;

        var approved = await host.DecideAsync(Decision.Approve);
        await calling;

        Assert.Equal(0, before);
        var action = Assert.Single(_minted);
        Assert.Equal((approved.Id, ActionState.Executing), (action.Id, action.State));
        Assert.Equal(approved.Action.Digest, action.Action.Digest);
    }

    [Fact]
    public async Task A_preview_is_made_with_the_standing_one()
    {
        _server.Call = _ => """{"structuredContent":{"rows":1}}""";
        await using var host = await StartAsync(
            Mint(), change: options => options with { Previews = options.Previews.Add("write", "count") });
        using var client = await RawClient.OpenAsync(host);
        var calling = client.CallAsync("write");

        await host.DecideAsync(Decision.Deny);
        await calling;

        Assert.Equal("Bearer target-secret", AuthorizationOf(Assert.Single(_server.Calls)));
        Assert.Empty(_minted);
    }

    [Fact]
    public async Task When_there_is_none_nothing_is_sent_and_the_outcome_says_so()
    {
        await using var host = await StartAsync((_, _) => Task.FromResult<Minting>(
            new Minting.Failed("the credential helper ended with exit code 3.")));
        using var client = await RawClient.OpenAsync(host);

        var answer = await client.CallAsync("read");

        Assert.StartsWith("FAILED act_", RawClient.TextOf(answer), StringComparison.Ordinal);
        Assert.Contains(
            "Nothing was sent: the credential helper ended with exit code 3.",
            RawClient.TextOf(answer),
            StringComparison.Ordinal);
        Assert.Equal(ActionState.Failed, Assert.Single(host.Store.Actions).State);
        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task One_that_expired_while_it_was_made_is_not_used_and_is_taken_back()
    {
        var outcome = await EndAsync(Mint(usableFor: TimeSpan.Zero), expected: ActionState.Failed);

        Assert.Contains("had expired before it could be used", outcome.Error, StringComparison.Ordinal);
        Assert.Equal([0], _revokedAfter);
    }

    [Fact]
    public async Task An_agent_that_was_stopped_while_it_was_made_sends_nothing()
    {
        GateHost? host = null;
        var outcome = await EndAsync(
            Mint(meanwhile: _ => host!.Office.Agents.StopAsync(
                new AgentId("bot"), GateHost.Alice, comment: null, Cancel)),
            ActionState.Failed,
            started => host = started);

        Assert.Contains("Nothing was sent: people stopped the agent.", outcome.Error, StringComparison.Ordinal);
        Assert.Equal([0], _revokedAfter);
    }

    [Fact]
    public async Task A_claim_that_was_given_up_while_it_was_made_sends_nothing()
    {
        GateHost? host = null;
        await EndAsync(
            Mint(meanwhile: async action =>
            {
                var stored = (await host!.Store.FindAsync(action.Id, Cancel))!;
                var lost = stored.Row with
                {
                    State = ActionState.Unknown,
                    LastOutcome = OutcomeState.Unknown,
                    Execution = null,
                    Version = stored.Row.Version + 1,
                };
                await host.Store.CommitAsync(
                    new Change { Action = new ActionWrite(lost, ExpectedVersion: stored.Row.Version) }, Cancel);
            }),
            ActionState.Unknown,
            started => host = started);

        Assert.Single(_minted);
        Assert.Equal([0], _revokedAfter);
    }

    [Fact]
    public async Task A_read_that_is_recorded_with_its_outcome_gets_one_too()
    {
        await using var host = await StartAsync(Mint());
        host.Policy = PolicyFixture.Loaded(
            "version: 1\ndefault: deny\nrules: [ { id: r, when: mcp.tool == 'read', then: allow, record: with } ]\n");
        using var client = await RawClient.OpenAsync(host);

        var answer = await client.CallAsync("read");

        Assert.Equal("ran read", RawClient.TextOf(answer));
        Assert.Equal("Bearer minted-1", AuthorizationOf(Assert.Single(_server.Calls)));
    }

    [Fact]
    public async Task An_action_of_the_api_gets_one_over_the_gateways_own_connection()
    {
        await using var host = await StartAsync(Mint());

        await host.Office.Gatekeeper.AdmitAsync(host.AskOverApi("read"), Cancel);
        await host.UntilAsync(ActionState.Succeeded);

        Assert.Equal("Bearer minted-1", AuthorizationOf(Assert.Single(_server.Calls)));
        Assert.Equal([1], _revokedAfter);
    }

    [Fact]
    public async Task While_it_is_made_for_a_task_the_session_makes_no_room_for_another()
    {
        var (asked, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var host = await StartFullAsync(asked, go);
        using var client = TaskClient.Of(host);
        await client.CallAsync("write");
        await host.DecideAsync(Decision.Approve);
        await asked.Task;
        await host.UntilQuietAsync();

        using var refused = await OpenAnotherAsync(host);
        go.SetResult();
        var ended = await EndOfAsync(host);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal((ActionState.Succeeded, null), (ended.State, ended.Outcome!.Error));
    }

    [Fact]
    public async Task While_it_is_made_for_a_caller_who_left_the_session_makes_no_room_for_another()
    {
        var (asked, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var host = await StartFullAsync(asked, go);
        using var client = await RawClient.OpenAsync(host);
        using var leaving = new CancellationTokenSource();
        client.Leave = leaving.Token;
        var calling = client.CallAsync("read");
        await asked.Task;
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calling);
        await host.UntilQuietAsync();

        using var refused = await OpenAnotherAsync(host);
        go.SetResult();
        var ended = await EndOfAsync(host);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal((ActionState.Succeeded, null), (ended.State, ended.Outcome!.Error));
    }

    [Fact]
    public async Task A_connection_that_breaks_is_unknown_and_it_is_taken_back()
    {
        _server.TakeCall = (context, _) =>
        {
            context.Abort();
            return Task.CompletedTask;
        };

        await EndAsync(Mint(), expected: ActionState.Unknown);

        Assert.Equal([1], _revokedAfter);
    }

    [Theory]
    [InlineData("""{"content":[{"type":"text","text":"you are minted-1"}]}""", ActionState.Succeeded)]
    [InlineData("""{"content":[{"type":"text","text":"\u006dinted\u002D1"}]}""", ActionState.Succeeded)]
    [InlineData("""{"content":[{"type":"text","text":"not minted-1"}],"isError":true}""", ActionState.Failed)]
    public async Task A_server_that_sends_it_back_does_not_get_it_into_the_record(string answer, ActionState state)
    {
        _server.Call = _ => answer;

        var outcome = await EndAsync(Mint(), state);

        var kept = JsonNode.Parse(outcome.Result!.Value.Span)!["content"]![0]!["text"] + outcome.Error;
        Assert.Contains("(secret)", kept, StringComparison.Ordinal);
        Assert.DoesNotContain("minted-1", kept, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_server_says_on_its_way_does_not_carry_it_to_the_agent()
    {
        _server.TakeCall = async (context, message) =>
        {
            await FakeServer.SendEventAsync(context, Note("notifications/progress", "\"progressToken\":\"p\""));
            await FakeServer.SendEventAsync(context, Note("notifications/message", "\"level\":\"info\""));
            await FakeServer.SendEventAsync(context, Note("elicitation/create", "\"mode\":\"form\"", "\"id\":\"q\","));
            await FakeServer.SendEventAsync(
                context, $$"""{"jsonrpc":"2.0","id":{{message["id"]!.ToJsonString()}},"result":{"content":[]} }""");
        };
        await using var host = await StartAsync(Mint());
        using var client = await RawClient.OpenAsync(host);

        using var response = await client.PostAsync(RawClient.Request(
            7, "tools/call", """{"name":"read","arguments":{},"_meta":{"progressToken":"p"}}"""));
        var said = (await client.MessagesAsync(response)).Where(message => message["method"] is not null).ToList();

        Assert.Equal(
            ["notifications/progress", "notifications/message", "elicitation/create"],
            said.Select(message => (string?)message["method"]));
        Assert.All(said, message => Assert.Equal("you sent (secret)", (string?)message["params"]!["said"]));
    }

    [Fact]
    public async Task What_a_server_says_on_a_stream_of_its_own_does_not_carry_it_either()
    {
        var stream = new TaskCompletionSource<HttpContext>();
        _server.Intercept = async (context, message) =>
        {
            if (context.Request.Method == "GET" && stream.TrySetResult(context))
            {
                await FakeServer.SendEventAsync(context, "{}");
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }

            return context.Request.Method == "GET";
        };
        await using var host = await StartAsync(Mint());
        using var client = await RawClient.OpenAsync(host);
        using var mailbox = await client.SendAsync(HttpMethod.Get);
        await client.CallAsync("read");

        await FakeServer.SendEventAsync(await stream.Task, Note("notifications/message", "\"level\":\"info\""));
        var said = await RawClient.FirstEventAsync(mailbox);

        Assert.Equal("you sent (secret)", (string?)said["params"]!["said"]);
    }

    private static string Note(string method, string member, string id = "") =>
        $$"""
        {"jsonrpc":"2.0",{{id}}"method":"{{method}}","params":{ {{member}},"said":"you sent minted\u002d1"} }
        """;

    private static string? AuthorizationOf(Received request) => request.Headers.GetValueOrDefault("Authorization");

    private async Task<Outcome> EndAsync(
        MintCredential mint, ActionState expected, Action<GateHost>? started = null)
    {
        await using var host = await StartAsync(mint);
        started?.Invoke(host);
        using var client = await RawClient.OpenAsync(host);
        await client.CallAsync("read");
        return (await host.UntilAsync(expected)).Outcome
            ?? new Outcome(OutcomeState.Unknown, Result: null, "no outcome", TimeSpan.Zero);
    }

    /// <summary>A node with room for one session, on which making a credential takes until it is told to.</summary>
    private Task<GateHost> StartFullAsync(TaskCompletionSource asked, TaskCompletionSource go)
    {
        var mint = Mint(meanwhile: _ =>
        {
            asked.SetResult();
            return go.Task;
        });
        return GateHost.StartAsync(
            new McpUpstream.Http(_server.Address, GateHost.Credential()) { Mint = mint },
            limits: new McpLimits { SessionsPerAgent = 1 });
    }

    private static async Task<HttpResponseMessage> OpenAnotherAsync(GateHost host)
    {
        using var another = new RawClient(host.Endpoint);
        return await another.PostAsync(
            RawClient.Request(0, "initialize", """{"protocolVersion":"2025-11-25"}"""));
    }

    private static async Task<ActionRecord> EndOfAsync(GateHost host) => (await host.Office.Gatekeeper.WaitForEndAsync(
        Assert.Single(host.Store.Actions).Id, TimeSpan.FromSeconds(20), Cancel))!;

    private Task<GateHost> StartAsync(MintCredential mint, Func<McpOptions, McpOptions>? change = null) =>
        StartAsync(mint, GateHost.Credential(), change);

    private Task<GateHost> StartAsync(
        MintCredential mint, McpCredential? standing, Func<McpOptions, McpOptions>? change = null) =>
        GateHost.StartAsync(new McpUpstream.Http(_server.Address, standing) { Mint = mint }, change);

    /// <summary>
    /// Makes <c>minted-1</c>, <c>minted-2</c> and so on, and notes after how many calls each was revoked.
    /// </summary>
    private MintCredential Mint(TimeSpan? usableFor = null, Func<ActionRecord, Task>? meanwhile = null) =>
        async (action, _) =>
        {
            _minted.Add(action);
            await (meanwhile?.Invoke(action) ?? Task.CompletedTask);
            ImmutableArray<CredentialHeader> headers =
                [new CredentialHeader("Authorization", new Secret($"Bearer minted-{_minted.Count}"))];
            return new Minting.Made(new MintedCredential(
                headers,
                TimeProvider.System.GetUtcNow() + (usableFor ?? TimeSpan.FromMinutes(5)),
                () =>
                {
                    _revokedAfter.Add(_server.Calls.Count);
                    return Task.CompletedTask;
                }));
        };
}
