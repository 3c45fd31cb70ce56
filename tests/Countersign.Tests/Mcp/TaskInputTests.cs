using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Mcp;

/// <summary>Tools of a 2026-07-28 server that ask a task's client for input.</summary>
public sealed class TaskInputTests : IAsyncLifetime
{
    private const string Capabilities = "io.modelcontextprotocol/clientCapabilities";

    private const string Asks =
        """
        {"resultType":"input_required","requestState":"theirs",
         "inputRequests":{"name":{"method":"elicitation/create","params":{"message":"Who?"}},
          "why":{"method":"elicitation/create","params":{"message":"Why?"}}}}
        """;

    private FakeServer _server = null!;
    private GateHost _host = null!;
    private ModernClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.Add(FakeServer.Tool("write"));
        _server.Methods["server/discover"] = _ =>
            """
            {"resultType":"complete","supportedVersions":["2026-07-28"],"ttlMs":0,"cacheScope":"public",
             "capabilities":{"tools":{}}}
            """;
        _server.Call = parameters => parameters["inputResponses"] is null
            ? Asks
            : """{"resultType":"complete","content":[{"type":"text","text":"hello"}]}""";
        _host = await GateHost.StartAsync(_server);
        _client = TaskClient.Of(_host);
        _client.Capabilities["elicitation"] = new JsonObject();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _host.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Its_answers_are_approved_like_arguments_and_the_task_goes_on_with_them()
    {
        var (id, asked) = await AskedAsync();

        var taken = await UpdateAsync(id, Answers("name", "why"));
        var waiting = await _client.TaskAsync("get", id);
        var held = await ApproveAsync();
        var over = await _client.TaskAsync("get", id);

        Assert.Equal(("complete", "input_required"), TaskClient.StatusOf(asked));
        Assert.Equal("Who?", (string?)asked.Result["inputRequests"]!["name"]!["params"]!["message"]);
        Assert.Null(asked.Result["requestState"]);
        Assert.Equal("complete", (string?)taken.Result["resultType"]);
        Assert.Equal(("complete", "working"), TaskClient.StatusOf(waiting));
        Assert.Contains(held.Id.Value, (string?)waiting.Result["statusMessage"], StringComparison.Ordinal);
        Assert.Contains("\"Ada\"", held.Action.Arguments.ToString(), StringComparison.Ordinal);
        Assert.Equal(("complete", "completed"), TaskClient.StatusOf(over));
        Assert.Equal("hello", RawClient.TextOf(over.Result["result"]!));
        Assert.Equal((string?)asked.Result["createdAt"], (string?)over.Result["createdAt"]);
        var sent = _server.Calls[1].Json["params"]!;
        Assert.Equal("""{"a":1}""", sent["arguments"]!.ToJsonString());
        Assert.Equal("theirs", (string?)sent["requestState"]);
        Assert.Equal("Ada", (string?)sent["inputResponses"]!["why"]!["content"]!["name"]);
    }

    [Fact]
    public async Task The_server_is_told_what_the_client_can_do_although_it_is_not_there()
    {
        await AskedAsync();

        var sent = Assert.Single(_server.Calls).Json["params"]!["_meta"]![Capabilities]!;

        Assert.Equal("""{"elicitation":{},"extensions":{}}""", sent.ToJsonString());
    }

    [Fact]
    public async Task Answers_may_come_one_by_one_and_unknown_ones_are_left_out()
    {
        var (id, _) = await AskedAsync();

        var partial = await UpdateAsync(id, Answers("name", "other"));
        var asked = await _client.TaskAsync("get", id);
        await UpdateAsync(id, Answers("other"));
        await UpdateAsync(id, Answers("why"));
        await ApproveAsync();

        Assert.Equal("complete", (string?)partial.Result["resultType"]);
        Assert.Equal(("complete", "input_required"), TaskClient.StatusOf(asked));
        Assert.Equal(["why"], asked.Result["inputRequests"]!.AsObject().Select(member => member.Key));
        Assert.Equal(
            ["name", "why"],
            _server.Calls[1].Json["params"]!["inputResponses"]!.AsObject().Select(member => member.Key).Order());
    }

    [Fact]
    public async Task Half_an_answer_that_is_too_large_to_keep_is_refused()
    {
        var (id, _) = await AskedAsync();
        var large = Answers("name");
        large["name"]!["content"]!["name"] = new string('x', 100_000);

        var refused = await UpdateAsync(id, large);
        var asked = await _client.TaskAsync("get", id);
        large["why"] = Answers("why")["why"]!.DeepClone();
        var taken = await UpdateAsync(id, large);

        Assert.Equal((200, -32602), (refused.Status, refused.ErrorCode));
        Assert.Contains("'why'", (string?)refused.Last["error"]!["message"], StringComparison.Ordinal);
        Assert.Equal(2, asked.Result["inputRequests"]!.AsObject().Count);
        Assert.Null(taken.ErrorCode);
        await ApproveAsync();
    }

    [Fact]
    public async Task The_first_answers_stand_and_others_open_nothing()
    {
        var (id, _) = await AskedAsync();
        await UpdateAsync(id, Answers("name", "why"));

        var again = await UpdateAsync(id, Answers("name", "why"));
        var other = await UpdateAsync(id, Answers("why", "name", "more"));
        await ApproveAsync();
        await UpdateAsync(id, Answers("name", "why"));

        Assert.Equal((null, null), (again.ErrorCode, other.ErrorCode));
        Assert.Equal(2, _host.Store.Actions.Length);
        Assert.Equal(2, _server.Calls.Count);
    }

    [Fact]
    public async Task A_further_question_of_the_same_name_gets_another_one_for_the_client()
    {
        _server.Call = _ => Asks;
        var (id, _) = await AskedAsync();
        await UpdateAsync(id, Answers("name", "why"));
        await ApproveAsync();

        var second = await _client.TaskAsync("get", id);
        await UpdateAsync(id, Answers("2.name", "2.why"));
        await ApproveAsync();

        Assert.Equal(
            ["2.name", "2.why"], second.Result["inputRequests"]!.AsObject().Select(member => member.Key));
        Assert.Equal(
            ["name", "why"],
            _server.Calls[2].Json["params"]!["inputResponses"]!.AsObject().Select(member => member.Key).Order());
    }

    [Fact]
    public async Task Denied_answers_end_the_task()
    {
        var (id, _) = await AskedAsync();
        await UpdateAsync(id, Answers("name", "why"));
        await _host.DecideAsync(Decision.Deny, "not her");

        var over = await _client.TaskAsync("get", id);

        Assert.Equal(("complete", "completed"), TaskClient.StatusOf(over));
        Assert.Contains("not her", RawClient.TextOf(over.Result["result"]!));
        Assert.Single(_server.Calls);
    }

    [Fact]
    public async Task A_stranger_answers_nothing()
    {
        var (id, _) = await AskedAsync();
        using var stranger = TaskClient.Of(_host, "other-token");

        var refused = await stranger.AskAsync(
            "tasks/update", new JsonObject { ["taskId"] = id, ["inputResponses"] = Answers("name", "why") });

        Assert.Equal((200, -32602), (refused.Status, refused.ErrorCode));
        Assert.Single(_host.Store.Actions);
    }

    [Fact]
    public async Task Cancelling_withdraws_the_answers_that_wait()
    {
        var (id, _) = await AskedAsync();
        await UpdateAsync(id, Answers("name", "why"));

        await _client.TaskAsync("cancel", id);

        Assert.Equal(("complete", "cancelled"), TaskClient.StatusOf(await _client.TaskAsync("get", id)));
        Assert.Contains(_host.Store.Actions, row => row.State == ActionState.Withdrawn);
    }

    /// <summary>A task whose call was approved, and the questions of its tool.</summary>
    private async Task<(string Id, ModernAnswer Asked)> AskedAsync()
    {
        var id = TaskClient.IdOf(await _client.CallAsync("write", new JsonObject { ["a"] = 1 }));
        await ApproveAsync();
        return (id, await _client.TaskAsync("get", id));
    }

    private async Task<ActionRecord> ApproveAsync()
    {
        var held = await _host.DecideAsync(Decision.Approve);
        await _host.UntilAsync(ActionState.Succeeded, row => row.Id == held.Id);
        return held;
    }

    private Task<ModernAnswer> UpdateAsync(string id, JsonObject answers) => _client.AskAsync(
        "tasks/update", new JsonObject { ["taskId"] = id, ["inputResponses"] = answers.DeepClone() });

    private static JsonObject Answers(params string[] names) => new(names.Select(
        name => KeyValuePair.Create<string, JsonNode?>(
            name,
            new JsonObject { ["action"] = "accept", ["content"] = new JsonObject { ["name"] = "Ada" } })));
}
