using System.Text.Json.Nodes;
using Countersign.EndToEnd.Clients;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>The product is killed at the worst moments and started again: nothing is lost or happens twice.</summary>
public sealed class CrashTests : IAsyncLifetime
{
    private Bench _bench = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Product Product => _bench.Product;

    private RecordingUpstream Upstream => _bench.Upstream;

    public async ValueTask InitializeAsync() => _bench = await Bench.StartAsync(Cancel);

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Killed_while_pending_the_review_is_still_there_and_the_repeated_call_runs_once()
    {
        var id = await LeaveHeldCallAsync("pending", Product.KillAsync);
        await Product.StartAgainAsync(Cancel);
        var found = await _bench.Alice.ShowAsync(id, Cancel);

        await using var client = await ConnectAsync();
        var calling = client.CallAsync("restart_service", Named("pending"), Cancel);
        await _bench.Alice.VoteAsync(id, "approve", Cancel);
        var answer = await calling;

        Assert.Equal("pending", found.State);
        Assert.Equal(new ToolAnswer(IsError: false, "ran restart_service", Status: null), answer);
        Assert.Single(Upstream.Calls);
        await Product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task Killed_after_the_approval_the_returning_client_gets_its_result_once()
    {
        var id = await LeaveHeldCallAsync("approved", () => Task.CompletedTask);
        var approved = await _bench.Alice.VoteAsync(id, "approve", Cancel);
        await Product.KillAsync();
        await Product.StartAgainAsync(Cancel);
        Assert.Empty(Upstream.Calls);

        await using var client = await ConnectAsync();
        var answer = await client.CallAsync("restart_service", Named("approved"), Cancel);

        Assert.Equal("approved", approved.State);
        Assert.Equal(new ToolAnswer(IsError: false, "ran restart_service", Status: null), answer);
        Assert.Single(Upstream.Calls);
        await Product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task Killed_while_executing_the_outcome_is_unknown_and_nothing_is_sent_again()
    {
        Upstream.Reply = NeverAsync;
        await using var client = await ConnectAsync();
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var calling = client.CallAsync("read_report", Named("executing"), leave.Token);
        await Upstream.NextCallAsync(Cancel);
        await Product.KillAsync();
        await leave.CancelAsync();
        await Record.ExceptionAsync(() => calling);
        await Product.StartAgainAsync(Cancel);

        await _bench.Alice.FindAsync("unknown", Cancel);
        await using var returning = await ConnectAsync();
        var answer = await returning.CallAsync("read_report", Named("executing"), Cancel);

        Assert.True(answer.IsError);
        Assert.StartsWith("UNKNOWN OUTCOME of act_", answer.Text, StringComparison.Ordinal);
        Assert.Contains("Do not repeat the call before you have checked", answer.Text, StringComparison.Ordinal);
        Assert.Single(Upstream.Calls);
        await Product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task Killed_while_executing_for_the_API_the_outcome_is_unknown_and_nothing_is_sent_again()
    {
        Upstream.Reply = NeverAsync;
        var asked = await _bench.Agent.AskAsync("ops", "restart_service", """{"name":"detached"}""", Cancel);
        await _bench.Alice.VoteAsync(asked.Id!, "approve", Cancel);
        await Upstream.NextCallAsync(Cancel);
        await Product.KillAsync();
        await Product.StartAgainAsync(Cancel);

        var ended = await _bench.Agent.WaitForEndAsync(asked.Id!, Cancel);

        Assert.Equal("unknown", ended.State);
        Assert.Contains("look at the target", ended.Json.GetProperty("outcome").GetRawText(), StringComparison.Ordinal);
        Assert.Single(Upstream.Calls);
        await Product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task Killed_between_outcome_and_answer_the_repeated_call_gets_the_same_outcome()
    {
        // More than the sockets between product and client can hold, so that the answer cannot have left.
        var text = new string('x', 8 * 1024 * 1024);
        Upstream.Reply = (_, _) => Task.FromResult<UpstreamReply>(new UpstreamReply.Text(text));
        using var deaf = await DeafClient.ConnectAsync(Product.Mcp("ops"), ProductFolder.TokenOf("DEPLOY_BOT"), Cancel);
        await deaf.CallAsync("read_report", Named("answered"), Cancel);
        await _bench.Alice.FindAsync("succeeded", Cancel);
        await Product.KillAsync();
        await Product.StartAgainAsync(Cancel);

        await using var client = await ConnectAsync();
        var answer = await client.CallAsync("read_report", Named("answered"), Cancel);

        Assert.False(answer.IsError);
        Assert.Equal(text.Length, answer.Text.Length);
        Assert.Single(Upstream.Calls);
        await Product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task Killed_under_load_every_key_is_executed_at_most_once_and_every_answer_was_true()
    {
        const int count = 40;
        var asking = Enumerable.Range(0, count).Select(AskInVainAsync).ToList();
        for (var i = 0; i < count / 4; i++)
        {
            await Upstream.NextCallAsync(Cancel);
        }

        await Product.KillAsync();
        var first = await Task.WhenAll(asking);
        await Product.StartAgainAsync(Cancel);
        var second = await Task.WhenAll(Enumerable.Range(0, count).Select(AskAsync));

        Assert.All(Enumerable.Range(0, count), i => Assert.InRange(TimesCalled(i), 0, 1));
        // What was under way when the server died is unknown, whether it had been sent or not.
        Assert.All(second, answer => Assert.Contains(answer.State, new[] { "succeeded", "unknown" }));
        Assert.All(
            second, (answer, i) => Assert.True(answer.State == "unknown" || TimesCalled(i) == 1, answer.ToString()));
        Assert.All(
            first.Zip(second).Where(pair => pair.First is { State: "succeeded" }),
            pair => Assert.Equal((pair.First!.Id, "succeeded"), (pair.Second.Id, pair.Second.State)));
        await Product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task A_planned_stop_waits_for_what_is_being_executed()
    {
        var release = new TaskCompletionSource();
        Upstream.Reply = async (call, cancelled) =>
        {
            await release.Task.WaitAsync(cancelled);
            return new UpstreamReply.Text($"ran {call.Tool}");
        };
        var asked = await _bench.Agent.AskAsync("ops", "read_report", """{"name":"stopped"}""", Cancel);
        await Upstream.NextCallAsync(Cancel);
        var stopping = Product.StopAsync(Cancel);
        release.SetResult();
        var stopped = await stopping;
        await Product.StartAgainAsync(Cancel);

        var ended = await _bench.Agent.ShowAsync(asked.Id!, Cancel);

        Assert.True(stopped.ExitCode == 0, stopped.ToString());
        Assert.Equal("succeeded", ended.State);
        Assert.Single(Upstream.Calls);
    }

    private static JsonObject Named(string name) => new() { ["name"] = name };

    private static async Task<UpstreamReply> NeverAsync(ReceivedCall call, CancellationToken cancelled)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancelled);
        return new UpstreamReply.Dropped();
    }

    private async Task<IToolClient> ConnectAsync() => await DotNetClient.ConnectAsync(
        Product.Mcp("ops"), ProductFolder.TokenOf("DEPLOY_BOT"), Cancel);

    /// <summary>Lets a call be held, does something meanwhile, and goes away; returns the action's id.</summary>
    private async Task<string> LeaveHeldCallAsync(string name, Func<Task> meanwhile)
    {
        await using var client = await ConnectAsync();
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var calling = client.CallAsync("restart_service", Named(name), leave.Token);
        var held = await _bench.Alice.FindAsync("pending", Cancel);
        await meanwhile();
        await leave.CancelAsync();
        await Record.ExceptionAsync(() => calling);
        return held.GetProperty("id").GetString()!;
    }

    private int TimesCalled(int i) => Upstream.Calls.Count(call => call.Arguments == ArgumentsOf(i));

    private static string ArgumentsOf(int i) => $$"""{"load":{{i}}}""";

    private async Task<ApiAnswer> AskAsync(int i)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "v1/actions?wait=60")
        {
            Content = new StringContent(
                Api.AskBody("ops", "read_report", ArgumentsOf(i)), System.Text.Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Idempotency-Key", $"load-{i}");
        return await Product.As("DEPLOY_BOT").SendAsync(request, Cancel);
    }

    private async Task<ApiAnswer?> AskInVainAsync(int i)
    {
        try
        {
            return await AskAsync(i);
        }
        catch (HttpRequestException)
        {
            // The server was killed under this request.
            return null;
        }
    }
}
