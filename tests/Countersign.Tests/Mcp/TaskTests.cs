using System.Globalization;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Gates.Mcp;
using Countersign.Tests.Support;

namespace Countersign.Tests.Mcp;

/// <summary>Held calls of clients that take a task for an answer.</summary>
public sealed class TaskTests : IAsyncLifetime
{
    private FakeServer _server = null!;
    private GateHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.AddRange([FakeServer.Tool("read"), FakeServer.Tool("write"), FakeServer.Tool("drop")]);
        _host = await GateHost.StartAsync(_server);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_held_call_is_answered_at_once_with_a_task_in_the_form_of_the_extension()
    {
        using var client = TaskClient.Of(_host);

        var answer = await client.CallAsync("write", new JsonObject { ["a"] = 1 });

        var held = await _host.UntilAsync(ActionState.Pending);
        Assert.Equal(
            [
                "resultType", "taskId", "status", "statusMessage", "createdAt", "lastUpdatedAt", "ttlMs",
                "pollIntervalMs", "_meta",
            ],
            answer.Result.AsObject().Select(member => member.Key));
        Assert.Equal("task", (string?)answer.Result["resultType"]);
        Assert.Equal("working", (string?)answer.Result["status"]);
        Assert.Contains($"Waiting for approval {held.Id}, 0 of 1", (string?)answer.Result["statusMessage"]);
        Assert.DoesNotContain(held.Id.Value, TaskClient.IdOf(answer), StringComparison.Ordinal);
        Assert.True(TaskClient.IdOf(answer).Length > 64);
        Assert.Equal(3000, (long)answer.Result["pollIntervalMs"]!);
        // Half an hour for the review, and a day after its end.
        Assert.InRange((long)answer.Result["ttlMs"]!, 88_200_000 - 5_000, 88_200_000 + 5_000);
        Assert.Equal(
            held.CreatedAt.ToUnixTimeMilliseconds(),
            DateTimeOffset.ParseExact(
                (string)answer.Result["createdAt"]!,
                "yyyy-MM-ddTHH:mm:ss.fffZ",
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal).ToUnixTimeMilliseconds());
        Assert.Equal("fake", (string?)answer.Result["_meta"]!["io.modelcontextprotocol/serverInfo"]!["name"]);
    }

    [Fact]
    public async Task Approval_runs_it_once_with_nobody_there_and_its_result_can_be_asked_for_again()
    {
        using var client = TaskClient.Of(_host);
        var id = TaskClient.IdOf(await client.CallAsync("write", new JsonObject { ["b"] = 2, ["a"] = 1.0 }));
        var working = await client.TaskAsync("get", id);

        await _host.DecideAsync(Decision.Approve);
        await _host.UntilAsync(ActionState.Succeeded);
        var first = await client.TaskAsync("get", id);
        await _host.UntilQuietAsync();
        var second = await client.TaskAsync("get", id);

        Assert.Equal(("complete", "working"), TaskClient.StatusOf(working));
        Assert.Equal(("complete", "completed"), TaskClient.StatusOf(first));
        Assert.Equal("ran write", RawClient.TextOf(first.Result["result"]!));
        Assert.Equal("complete", (string?)first.Result["result"]!["resultType"]);
        Assert.Equal(first.Result.ToJsonString(), second.Result.ToJsonString());
        var call = Assert.Single(_server.Calls);
        Assert.Equal("""{"a":1,"b":2}""", call.Json["params"]!["arguments"]!.ToJsonString());
        Assert.True(_host.Store.Actions.Single().Delivered);
    }

    [Fact]
    public async Task It_runs_over_the_connection_of_the_agents_other_calls()
    {
        using var client = TaskClient.Of(_host);
        await client.CallAsync("read");
        await client.CallAsync("write");

        await _host.DecideAsync(Decision.Approve);
        await _host.UntilAsync(ActionState.Succeeded);

        Assert.Single(_server.Requests, request => request.RpcMethod == "initialize");
        Assert.All(_server.Calls, call => Assert.Equal("upstream-session", call.Headers["Mcp-Session-Id"]));
    }

    [Fact]
    public async Task A_repeated_call_gets_a_task_of_the_same_action_and_both_are_told_its_result()
    {
        using var client = TaskClient.Of(_host);
        using var second = TaskClient.Of(_host);
        var one = TaskClient.IdOf(await client.CallAsync("write"));
        var other = TaskClient.IdOf(await second.CallAsync("write"));

        await _host.DecideAsync(Decision.Approve);
        await _host.UntilAsync(ActionState.Succeeded);

        Assert.NotEqual(one, other);
        Assert.Equal("ran write", RawClient.TextOf((await client.TaskAsync("get", one)).Result["result"]!));
        Assert.Equal("ran write", RawClient.TextOf((await second.TaskAsync("get", other)).Result["result"]!));
        Assert.Single(_server.Calls);
        Assert.Single(_host.Store.Actions);
    }

    [Fact]
    public async Task A_call_repeated_while_the_first_runs_gets_a_task_too()
    {
        var go = new TaskCompletionSource();
        using var client = TaskClient.Of(_host);
        await ExecuteUntilAsync(client, go);

        var again = await client.CallAsync("write");
        go.SetResult();
        await _host.UntilAsync(ActionState.Succeeded);

        Assert.Equal(("task", "working"), TaskClient.StatusOf(again));
        Assert.StartsWith("Executing act_", (string?)again.Result["statusMessage"], StringComparison.Ordinal);
        Assert.Equal(
            ("complete", "completed"),
            TaskClient.StatusOf(await client.TaskAsync("get", TaskClient.IdOf(again))));
        Assert.Single(_server.Calls);
    }

    [Fact]
    public async Task An_outcome_nobody_asked_for_is_the_answer_to_the_next_identical_call_and_to_no_later_one()
    {
        using var client = TaskClient.Of(_host);
        var id = TaskClient.IdOf(await client.CallAsync("write"));
        await _host.DecideAsync(Decision.Approve);
        await _host.UntilAsync(ActionState.Succeeded);

        var attached = await client.CallAsync("write");
        await _host.UntilQuietAsync();
        var anew = await client.CallAsync("write");
        var first = await client.TaskAsync("get", id);

        Assert.Equal("complete", (string?)attached.Result["resultType"]);
        Assert.Equal("ran write", RawClient.TextOf(attached.Result));
        Assert.Equal("task", (string?)anew.Result["resultType"]);
        Assert.Equal("ran write", RawClient.TextOf(first.Result["result"]!));
        Assert.Single(_server.Calls);
    }

    [Fact]
    public async Task A_review_that_a_live_call_opened_is_left_to_a_node_and_the_live_call_is_still_answered()
    {
        using var live = new ModernClient(_host);
        using var client = TaskClient.Of(_host);
        var calling = live.CallAsync("write");
        await _host.UntilAsync(ActionState.Pending);

        var id = TaskClient.IdOf(await client.CallAsync("write"));
        await _host.DecideAsync(Decision.Approve);
        var answer = await calling;
        await _host.UntilQuietAsync();

        Assert.Equal("ran write", RawClient.TextOf(answer.Result));
        Assert.Equal(("complete", "completed"), TaskClient.StatusOf(await client.TaskAsync("get", id)));
        Assert.Single(_server.Calls);
        Assert.Single(_host.Store.Actions);
    }

    [Fact]
    public async Task Calls_that_need_nobody_are_ordinary_results()
    {
        using var client = TaskClient.Of(_host);

        var allowed = await client.CallAsync("read");
        var refused = await client.CallAsync("drop");

        Assert.Equal("complete", (string?)allowed.Result["resultType"]);
        Assert.Equal("ran read", RawClient.TextOf(allowed.Result));
        Assert.Equal("complete", (string?)refused.Result["resultType"]);
        Assert.StartsWith("REFUSED", RawClient.TextOf(refused.Result), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_denial_completes_it_with_what_the_reviewer_said()
    {
        using var client = TaskClient.Of(_host);
        var id = TaskClient.IdOf(await client.CallAsync("write"));

        await _host.DecideAsync(Decision.Deny, "not today");
        var answer = await client.TaskAsync("get", id);

        Assert.Equal(("complete", "completed"), TaskClient.StatusOf(answer));
        Assert.True((bool?)answer.Result["result"]!["isError"]);
        Assert.Contains("not today", RawClient.TextOf(answer.Result["result"]!));
        Assert.Null(answer.Result["error"]);
        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task A_review_that_expires_completes_it_and_says_so()
    {
        var time = new ManualTime();
        await using var host = await GateHost.StartAsync(_server, store: new MemoryStore(time));
        using var client = TaskClient.Of(host);
        var id = TaskClient.IdOf(await client.CallAsync("write"));

        time.Advance(TimeSpan.FromMinutes(31));
        await host.Office.Reaper.SweepAsync(TestContext.Current.CancellationToken);
        var answer = await client.TaskAsync("get", id);

        Assert.Equal(("complete", "completed"), TaskClient.StatusOf(answer));
        Assert.True((bool?)answer.Result["result"]!["isError"]);
        Assert.StartsWith("EXPIRED", RawClient.TextOf(answer.Result["result"]!), StringComparison.Ordinal);
        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task What_nobody_can_know_is_said()
    {
        _server.TakeCall = (context, _) =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        using var client = TaskClient.Of(_host);
        var id = TaskClient.IdOf(await client.CallAsync("write"));

        await _host.DecideAsync(Decision.Approve);
        await _host.UntilAsync(ActionState.Unknown);
        var answer = await client.TaskAsync("get", id);

        Assert.Equal(("complete", "completed"), TaskClient.StatusOf(answer));
        Assert.True((bool?)answer.Result["result"]!["isError"]);
        Assert.StartsWith("UNKNOWN OUTCOME", RawClient.TextOf(answer.Result["result"]!), StringComparison.Ordinal);
        Assert.Single(_server.Calls);
    }

    [Fact]
    public async Task A_tool_that_changed_while_people_thought_is_not_called()
    {
        await using var watchful = await GateHost.StartAsync(
            new McpUpstream.Http(_server.Address, Credential: null),
            limits: new McpLimits { DefinitionFreshness = TimeSpan.Zero });
        using var client = TaskClient.Of(watchful);
        var id = TaskClient.IdOf(await client.CallAsync("write"));
        _server.Tools[1] = FakeServer.Tool("write", "Something else.");

        await watchful.DecideAsync(Decision.Approve);
        await watchful.UntilAsync(ActionState.Failed);
        var answer = await client.TaskAsync("get", id);

        Assert.Contains("definition-changed", RawClient.TextOf(answer.Result["result"]!));
        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task Cancelling_withdraws_what_nobody_decided_and_may_be_repeated()
    {
        using var client = TaskClient.Of(_host);
        var id = TaskClient.IdOf(await client.CallAsync("write"));

        var first = await client.TaskAsync("cancel", id);
        var second = await client.TaskAsync("cancel", id);
        var answer = await client.TaskAsync("get", id);

        Assert.All([first, second], ack => Assert.Equal(
            ["resultType", "_meta"], ack.Result.AsObject().Select(member => member.Key)));
        Assert.Equal("complete", (string?)first.Result["resultType"]);
        Assert.Equal(("complete", "cancelled"), TaskClient.StatusOf(answer));
        Assert.Contains("its client cancelled the task", (string?)answer.Result["statusMessage"]);
        Assert.Null(answer.Result["result"]);
        Assert.Equal(ActionState.Withdrawn, _host.Store.Actions.Single().State);
    }

    [Fact]
    public async Task Cancelling_stops_nothing_that_runs_and_changes_nothing_that_is_over()
    {
        var go = new TaskCompletionSource();
        using var client = TaskClient.Of(_host);
        var id = await ExecuteUntilAsync(client, go);

        var meanwhile = await client.TaskAsync("cancel", id);
        var running = await client.TaskAsync("get", id);
        go.SetResult();
        await _host.UntilAsync(ActionState.Succeeded);
        var afterwards = await client.TaskAsync("cancel", id);

        Assert.Equal((null, null), (meanwhile.ErrorCode, afterwards.ErrorCode));
        Assert.Equal(("complete", "working"), TaskClient.StatusOf(running));
        Assert.Equal(("complete", "completed"), TaskClient.StatusOf(await client.TaskAsync("get", id)));
    }

    [Fact]
    public async Task Input_nobody_asked_for_is_acknowledged_and_changes_nothing()
    {
        using var client = TaskClient.Of(_host);
        var id = TaskClient.IdOf(await client.CallAsync("write"));
        var responses = new JsonObject { ["k"] = new JsonObject() };
        var input = new JsonObject { ["taskId"] = id, ["inputResponses"] = responses };

        var taken = await client.AskAsync("tasks/update", input);
        var malformed = await client.AskAsync("tasks/update", new JsonObject { ["taskId"] = id });

        Assert.Equal("complete", (string?)taken.Result["resultType"]);
        Assert.Equal((200, -32602), (malformed.Status, malformed.ErrorCode));
        Assert.Equal(("complete", "working"), TaskClient.StatusOf(await client.TaskAsync("get", id)));
        Assert.Single(_host.Store.Actions);
    }

    [Fact]
    public async Task Another_node_over_the_same_store_knows_the_task_and_runs_what_it_approved()
    {
        using var client = TaskClient.Of(_host);
        var id = TaskClient.IdOf(await client.CallAsync("write"));
        await using var other = await GateHost.StartAsync(_server, store: _host.Store);
        using var elsewhere = TaskClient.Of(other);

        var working = await elsewhere.TaskAsync("get", id);
        await _host.DisposeAsync();
        await other.DecideAsync(Decision.Approve);
        await other.UntilAsync(ActionState.Succeeded);
        var answer = await elsewhere.TaskAsync("get", id);

        Assert.Equal(("complete", "working"), TaskClient.StatusOf(working));
        Assert.Equal("ran write", RawClient.TextOf(answer.Result["result"]!));
        Assert.Single(_server.Calls);
    }

    /// <summary>A task whose call is at the server, which answers when it is told to.</summary>
    private async Task<string> ExecuteUntilAsync(ModernClient client, TaskCompletionSource go)
    {
        _server.TakeCall = async (context, message) =>
        {
            await go.Task.WaitAsync(TimeSpan.FromSeconds(20));
            context.Response.ContentType = "application/json";
            await FakeServer.WriteAsync(
                context,
                $$"""{"jsonrpc":"2.0","id":{{message["id"]!.ToJsonString()}},"result":{"content":[]} }""");
        };
        var id = TaskClient.IdOf(await client.CallAsync("write"));
        await _host.DecideAsync(Decision.Approve);
        await _server.UntilAsync(request => request.RpcMethod == "tools/call");
        return id;
    }
}
