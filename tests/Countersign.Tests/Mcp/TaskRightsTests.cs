using System.Net;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Gates.Mcp;

namespace Countersign.Tests.Mcp;

/// <summary>Who gets a task, and who may ask for it.</summary>
public sealed class TaskRightsTests : IAsyncLifetime
{
    private FakeServer _server = null!;
    private GateHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.Add(FakeServer.Tool("write"));
        _host = await GateHost.StartAsync(_server);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Who_declares_nothing_gets_no_task()
    {
        await using var impatient = await GateHost.StartAsync(_server, options => options with
        {
            Patience = options.Patience.Add("modern", TimeSpan.Zero).Add("test", TimeSpan.Zero),
        });
        using var client = TaskClient.Of(impatient);
        await client.CallAsync("write");
        client.Capabilities = [];
        using var session = await RawClient.OpenAsync(impatient);

        var answer = await client.CallAsync("write");
        var old = await session.AskAsync(
            "tools/call",
            """
            {"name":"write","arguments":{},"_meta":{"io.modelcontextprotocol/clientCapabilities":
             {"extensions":{"io.modelcontextprotocol/tasks":{}}}}}
            """);

        Assert.Equal("input_required", (string?)answer.Result["resultType"]);
        Assert.Equal("pending_approval", (string?)old["result"]!["structuredContent"]!["status"]);
    }

    [Fact]
    public async Task A_session_with_a_handshake_knows_no_tasks()
    {
        using var client = TaskClient.Of(_host);
        var id = TaskClient.IdOf(await client.CallAsync("write"));
        using var session = await RawClient.OpenAsync(_host);

        var answer = await session.AskAsync("tasks/get", $$"""{"taskId":"{{id}}"}""");

        Assert.Equal(-32601, (int?)answer["error"]!["code"]);
    }

    [Theory]
    [InlineData("get")]
    [InlineData("update")]
    [InlineData("cancel")]
    public async Task Every_request_has_to_declare_the_extension(string method)
    {
        using var client = TaskClient.Of(_host);
        var id = TaskClient.IdOf(await client.CallAsync("write"));
        client.Capabilities = [];

        var answer = await client.TaskAsync(method, id);

        Assert.Equal((400, -32021), (answer.Status, answer.ErrorCode));
        Assert.Equal(
            """{"requiredCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}}""",
            answer.Last["error"]!["data"]!.ToJsonString());
        Assert.Equal(ActionState.Pending, _host.Store.Actions.Single().State);
    }

    [Theory]
    [InlineData("get")]
    [InlineData("update")]
    [InlineData("cancel")]
    public async Task A_task_of_somebody_else_looks_like_one_that_never_was(string method)
    {
        using var client = TaskClient.Of(_host);
        using var stranger = TaskClient.Of(_host, "other-token");
        using var session = await RawClient.OpenAsync(_host);
        var id = TaskClient.IdOf(await client.CallAsync("write"));
        var held = await _host.UntilAsync(ActionState.Pending);
        var changed = id[..^2] + (id[^2] == 'A' ? 'B' : 'A') + id[^1];

        ModernAnswer[] answers =
        [
            await stranger.TaskAsync(method, id),
            await client.TaskAsync(method, changed),
            await client.TaskAsync(method, "task_"),
            await client.TaskAsync(method, "task_" + session.Session),
            await client.TaskAsync(method, held.Id.Value),
            await client.TaskAsync(method, "task_" + held.Id.Value),
            await client.AskAsync("tasks/" + method, new JsonObject { ["inputResponses"] = new JsonObject() }),
        ];

        Assert.All(answers, answer => Assert.Equal((200, -32602), (answer.Status, answer.ErrorCode)));
        Assert.Single(answers.Select(answer => answer.Last["error"]!.ToJsonString()).Distinct());
        Assert.Equal(ActionState.Pending, _host.Store.Actions.Single().State);
    }

    [Fact]
    public async Task The_header_has_to_name_the_task()
    {
        using var client = TaskClient.Of(_host);
        var id = TaskClient.IdOf(await client.CallAsync("write"));

        var answer = await client.AskAsync(
            "tasks/get",
            new JsonObject { ["taskId"] = id },
            (message, _) =>
            {
                message.Headers.Remove("Mcp-Name");
                message.Headers.TryAddWithoutValidation("Mcp-Name", "another");
            });

        Assert.Equal((400, -32020), (answer.Status, answer.ErrorCode));
    }

    [Fact]
    public async Task A_stopped_agent_learns_nothing_more_and_what_it_left_is_withdrawn()
    {
        using var client = TaskClient.Of(_host);
        var id = TaskClient.IdOf(await client.CallAsync("write"));

        await _host.Office.Agents.StopAsync(
            new AgentId("bot"), GateHost.Alice, "enough", TestContext.Current.CancellationToken);

        foreach (var method in new[] { "get", "update", "cancel" })
        {
            var refused = await client.TaskAsync(method, id);
            Assert.Equal((int)HttpStatusCode.Forbidden, refused.Status);
            Assert.Null(refused.Last["result"]);
        }

        Assert.Equal(ActionState.Withdrawn, _host.Store.Actions.Single(row => row.Gate == GateKind.Mcp).State);
        Assert.Empty(_server.Calls);
    }
}
