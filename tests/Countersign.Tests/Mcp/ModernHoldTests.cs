using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Gates.Mcp;

namespace Countersign.Tests.Mcp;

/// <summary>Calls of 2026-07-28 that wait for people, and the state with which their clients go on waiting.</summary>
public sealed class ModernHoldTests : IAsyncLifetime
{
    private FakeServer _server = null!;
    private GateHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.AddRange([FakeServer.Tool("write"), FakeServer.Tool("write_more")]);
        _host = await GateHost.StartAsync(_server, options => options with
        {
            Patience = ImmutableDictionary<string, TimeSpan>.Empty.Add("modern", TimeSpan.FromMilliseconds(50)),
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_call_that_is_approved_while_it_waits_returns_its_result()
    {
        await using var patient = await GateHost.StartAsync(_server);
        using var client = new ModernClient(patient);
        var call = ModernClient.CallOf("write");
        call["_meta"] = new JsonObject { ["progressToken"] = 7 };

        var calling = client.AskAsync("tools/call", call);
        await patient.DecideAsync(Decision.Approve);
        var answer = await calling;

        Assert.Equal("ran write", RawClient.TextOf(answer.Result));
        Assert.Equal(7, (int?)answer.Messages[0]["params"]!["progressToken"]);
        Assert.Contains("0 of 1 approved", (string?)answer.Messages[0]["params"]!["message"]);
        Assert.Single(_server.Calls);
    }

    [Fact]
    public async Task A_call_nobody_decides_asks_for_another_round_which_gets_the_result()
    {
        using var client = new ModernClient(_host);

        var state = await HeldAsync(client);
        var again = await client.CallAsync("write", state: state);
        Assert.Equal("input_required", (string?)again.Result["resultType"]);
        Assert.Empty(_server.Calls);
        await _host.DecideAsync(Decision.Approve);
        var answer = await client.CallAsync("write", state: (string?)again.Result["requestState"]);
        await _host.UntilQuietAsync();

        Assert.Equal("ran write", RawClient.TextOf(answer.Result));
        Assert.Single(_server.Calls);
        Assert.Single(_host.Store.Actions);
    }

    [Fact]
    public async Task After_nine_rounds_the_model_is_told_that_the_call_is_pending()
    {
        using var client = new ModernClient(_host);

        string? state = null;
        ModernAnswer answer;
        var rounds = 0;
        do
        {
            answer = await client.CallAsync("write", state: state);
            state = (string?)answer.Result["requestState"];
            rounds++;
        }
        while (state is not null);

        Assert.Equal(10, rounds);
        Assert.Equal("pending_approval", (string?)answer.Result["structuredContent"]!["status"]);
    }

    [Fact]
    public async Task The_state_is_no_approval_and_fits_one_call_of_one_agent()
    {
        using var client = new ModernClient(_host);
        using var other = new ModernClient(_host, "other-token");
        var state = await HeldAsync(client);

        ModernAnswer[] answers =
        [
            await other.CallAsync("write", state: state),
            await client.CallAsync("write", new JsonObject { ["a"] = 1 }, state),
            await client.CallAsync("write_more", state: state),
            await client.CallAsync("write", state: state[..^2] + (state[^2] == 'A' ? 'B' : 'A') + state[^1]),
            await client.CallAsync("write", state: "cs1."),
            await client.CallAsync("write", state: "cs1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ];

        Assert.All(answers, answer => Assert.Equal((200, -32602), (answer.Status, answer.ErrorCode)));
        Assert.Single(_host.Store.Actions);
        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task A_session_id_is_no_state_although_the_same_key_seals_it()
    {
        using var client = new ModernClient(_host);
        using var session = await RawClient.OpenAsync(_host);
        await HeldAsync(client);

        var answer = await client.CallAsync("write", state: "cs1." + session.Session);

        Assert.Equal(-32602, answer.ErrorCode);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(-1, false)]
    public async Task A_state_is_worth_nothing_when_its_time_is_over(int minutes, bool goesOn)
    {
        using var client = new ModernClient(_host);
        await HeldAsync(client);
        var held = await _host.UntilAsync(ActionState.Pending);
        var state = new WaitState(
            held.Asker,
            held.Id,
            held.Action.Digest.Value,
            Round: 1,
            TimeProvider.System.GetUtcNow().AddMinutes(minutes))
        {
            Target = GateHost.Ops,
        };
        using var box = new SealedBox(new byte[32], RandomNumberGenerator.Fill, "countersign-mcp-wait-v1");

        var answer = await client.CallAsync("write", state: "cs1." + box.Seal(state.ToBytes()));

        Assert.Equal(goesOn, answer.ErrorCode is null);
        Assert.Single(_host.Store.Actions);
    }

    [Fact]
    public async Task A_state_whose_outcome_was_handed_over_asks_for_nothing_new()
    {
        using var client = new ModernClient(_host);
        var state = await HeldAsync(client);
        await _host.DecideAsync(Decision.Approve);
        await client.CallAsync("write", state: state);
        await _host.UntilQuietAsync();

        var replayed = await client.CallAsync("write", state: state);

        Assert.Equal(-32602, replayed.ErrorCode);
        Assert.Single(_host.Store.Actions);
        Assert.Single(_server.Calls);
    }

    [Fact]
    public async Task A_denied_wait_ends_with_the_denial()
    {
        using var client = new ModernClient(_host);
        var state = await HeldAsync(client);
        await _host.DecideAsync(Decision.Deny, "not today");

        var answer = await client.CallAsync("write", state: state);

        Assert.Contains("not today", RawClient.TextOf(answer.Result));
        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task Closing_the_response_ends_the_wait_and_leaves_the_review_open()
    {
        await using var patient = await GateHost.StartAsync(_server);
        using var leave = new CancellationTokenSource();
        using var client = new ModernClient(patient) { Leave = leave.Token };

        var calling = client.CallAsync("write");
        var held = await patient.UntilAsync(ActionState.Pending);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calling);
        await patient.UntilQuietAsync();

        Assert.Equal(ActionState.Pending, patient.Store.Actions.Single().State);
        using var later = new ModernClient(patient);
        var again = later.CallAsync("write");
        await patient.DecideAsync(Decision.Approve);
        Assert.Equal("ran write", RawClient.TextOf((await again).Result));
        Assert.Equal(held.Id, patient.Store.Actions.Single().Id);
    }

    private static async Task<string> HeldAsync(ModernClient client)
    {
        var answer = await client.CallAsync("write");
        Assert.Equal("input_required", (string?)answer.Result["resultType"]);
        return (string)answer.Result["requestState"]!;
    }
}
