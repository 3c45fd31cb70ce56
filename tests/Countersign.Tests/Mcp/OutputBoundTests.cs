using System.Text;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Mcp;

/// <summary>How many bytes of a tool's result were approved (<c>bounds.output</c>).</summary>
public sealed class OutputBoundTests : IAsyncLifetime
{
    private const string Result = """{"content":[{"type":"text","text":"all 4711 customers"}]}""";
    private const string Failure = """{"content":[{"type":"text","text":"customer 4711 is locked"}],"isError":true}""";

    private FakeServer _server = null!;
    private GateHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.Add(FakeServer.Tool("write"));
        _server.Call = _ => Result;
        _host = await GateHost.StartAsync(_server);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_result_of_as_many_bytes_as_were_approved_comes_back()
    {
        Approve(Result.Length);

        Assert.Equal("all 4711 customers", RawClient.TextOf(await CallAsync()));
    }

    [Fact]
    public async Task A_longer_result_is_withheld_the_call_counts_as_executed_and_the_agent_learns_what_to_do()
    {
        Approve(Result.Length - 1);

        var answer = await CallAsync();

        var record = await _host.UntilAsync(ActionState.Succeeded);
        Assert.True((bool?)answer["isError"]);
        var text = RawClient.TextOf(answer);
        Assert.StartsWith($"RESULT WITHHELD of {record.Id}: The tool ran and gave its result", text);
        Assert.Contains($"it is {Result.Length} bytes long, and {Result.Length - 1} bytes were approved", text);
        Assert.Contains("ask for less at a time", text);
        Assert.DoesNotContain("4711", answer.ToJsonString());
        Assert.Null(record.Outcome!.Result);
        Assert.Contains("'bounds.output'", record.Outcome.Error);
        Assert.Single(_server.Calls);
    }

    [Theory]
    [InlineData(Failure)]
    [InlineData("""{"content":[],"isError":true,"structuredContent":{"customers":[4711,4712,4713]}}""")]
    public async Task What_a_tool_says_of_its_failure_is_held_to_the_same_number(string failure)
    {
        _server.Call = _ => failure;
        Approve(20);

        var answer = await CallAsync();

        var record = await _host.UntilAsync(ActionState.Failed);
        Assert.StartsWith($"FAILED {record.Id}: The tool ran and reported an error", RawClient.TextOf(answer));
        Assert.DoesNotContain("4711", answer.ToJsonString());
        Assert.Null(record.Outcome!.Result);
    }

    [Fact]
    public async Task The_number_is_of_bytes_and_not_of_characters()
    {
        const string Wide = """{"content":[{"type":"text","text":"äöüß"}]}""";
        _server.Call = _ => Wide;
        Approve(Wide.Length);

        Assert.StartsWith("RESULT WITHHELD", RawClient.TextOf(await CallAsync()));
        Assert.True(Encoding.UTF8.GetByteCount(Wide) > Wide.Length);
    }

    [Fact]
    public async Task A_task_whose_result_is_withheld_is_completed_and_says_so()
    {
        Approve(20);
        using var client = TaskClient.Of(_host);
        var id = TaskClient.IdOf(await client.CallAsync("write", new JsonObject { ["a"] = 1 }));

        await _host.DecideAsync(Decision.Approve);
        await _host.UntilAsync(ActionState.Succeeded);
        var told = await client.TaskAsync("get", id);

        Assert.Equal(("complete", "completed"), TaskClient.StatusOf(told));
        Assert.StartsWith("RESULT WITHHELD", RawClient.TextOf(told.Result["result"]!));
        Assert.DoesNotContain("4711", told.Result.ToJsonString());
    }

    private void Approve(long bytes) => _host.Bounds = Bounds.None with { Output = bytes };

    private async Task<JsonNode> CallAsync()
    {
        using var client = await RawClient.OpenAsync(_host);
        var calling = client.CallAsync("write", """{"a":1}""");
        await _host.DecideAsync(Decision.Approve);
        return await calling;
    }
}
