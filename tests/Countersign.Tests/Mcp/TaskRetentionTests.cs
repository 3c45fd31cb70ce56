using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Gates.Mcp;
using Countersign.Tests.Policies;
using Countersign.Tests.Support;

namespace Countersign.Tests.Mcp;

/// <summary>How long a task can be asked for, and what its client is told of that.</summary>
public sealed class TaskRetentionTests : IAsyncLifetime
{
    /// <summary>
    /// A first stage of an hour that escalates for another one, and a second of a day and a half that does too: at the
    /// latest, a review is over after three days and two hours.
    /// </summary>
    private const string TwoStages = """
        version: 1
        default: deny
        rules:
          - id: writes
            when: mcp.tool == 'write'
            then:
              require:
                stages:
                  - { of: alice, within: 1h, escalate: [bob] }
                  - { of: bob, within: 36h, escalate: [alice] }
        """;

    private static readonly PersonId s_bob = new("bob");
    private static readonly TimeSpan s_day = TimeSpan.FromDays(1);
    private static readonly TimeSpan s_moment = TimeSpan.FromSeconds(1);

    private readonly ManualTime _time = new();
    private FakeServer _server = null!;
    private GateHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.Add(FakeServer.Tool("write"));
        _host = await GateHost.StartAsync(new McpUpstream.Http(_server.Address, Credential: null), time: _time);
        _host.Policy = PolicyFixture.Loaded(TwoStages);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task What_was_approved_late_can_be_asked_for_a_day_after_it_ran()
    {
        using var client = TaskClient.Of(_host);
        var id = TaskClient.IdOf(await client.CallAsync("write"));
        _time.Advance(TimeSpan.FromMinutes(50));
        await _host.DecideAsync(Decision.Approve);
        // Later than a day after the time of the first stage.
        _time.Advance(TimeSpan.FromDays(2));

        await _host.DecideAsync(Decision.Approve, by: s_bob);
        await _host.UntilAsync(ActionState.Succeeded);
        var first = await client.TaskAsync("get", id);
        _time.Advance(s_day - s_moment);
        var late = await client.TaskAsync("get", id);

        Assert.Equal("ran write", RawClient.TextOf(first.Result["result"]!));
        Assert.Equal("ran write", RawClient.TextOf(late.Result["result"]!));
    }

    [Fact]
    public async Task What_a_client_is_told_covers_every_stage_and_holds_although_the_action_ends_early()
    {
        using var client = TaskClient.Of(_host);
        var created = await client.CallAsync("write");
        var id = TaskClient.IdOf(created);
        await _host.DecideAsync(Decision.Approve);
        await _host.DecideAsync(Decision.Approve, by: s_bob);
        await _host.UntilAsync(ActionState.Succeeded);

        _time.Advance(TtlOf(created) - s_moment);
        var kept = await client.TaskAsync("get", id);
        _time.Advance(s_moment);
        var over = await client.TaskAsync("get", id);

        Assert.Equal(TimeSpan.FromHours(2) + TimeSpan.FromDays(3) + s_day, TtlOf(created));
        Assert.Equal(TtlOf(created), TtlOf(kept));
        Assert.Equal((200, -32602), (over.Status, over.ErrorCode));
    }

    [Fact]
    public async Task What_no_node_noticed_in_time_is_kept_for_a_day_after_one_does()
    {
        using var client = TaskClient.Of(_host);
        var created = await client.CallAsync("write");
        var id = TaskClient.IdOf(created);
        var later = TimeSpan.FromDays(10);
        _time.Advance(later);

        // No node has noticed that its time is over: until one does, the task is not over either.
        var open = await client.TaskAsync("get", id);
        await _host.Office.Reaper.SweepAsync(TestContext.Current.CancellationToken);
        var expired = await client.TaskAsync("get", id);
        _time.Advance(s_day - s_moment);
        var kept = await client.TaskAsync("get", id);
        _time.Advance(s_moment);
        var over = await client.TaskAsync("get", id);

        Assert.Equal(("complete", "working"), TaskClient.StatusOf(open));
        Assert.Equal(later + s_day, TtlOf(open));
        Assert.Equal(("complete", "completed"), TaskClient.StatusOf(expired));
        Assert.Equal(later + s_day, TtlOf(kept));
        Assert.Equal((200, -32602), (over.Status, over.ErrorCode));
    }

    private static TimeSpan TtlOf(ModernAnswer answer) =>
        TimeSpan.FromMilliseconds((long)answer.Result["ttlMs"]!);
}
