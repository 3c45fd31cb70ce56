using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Countersign.EndToEnd.Clients;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>
/// The product kills itself at one named point between intake and answer, and the ordinary product goes on from what it
/// left. FLT numbers are those of the fault matrix;
/// </summary>
public sealed class KillPointTests
{
    private const string Key = "the-key-of-one-request";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task FLT_01_killed_before_the_request_is_recorded_the_retry_makes_the_only_one()
    {
        await using var bench = await StartAsync("commit-of action.requested");
        var seen = await SeenAsync(bench);
        await AskInVainAsync(bench, "restart_service");
        await RestartAsync(bench);
        var left = await ListAsync(bench);

        var first = await AskAsync(bench, "restart_service");
        var second = await AskAsync(bench, "restart_service");

        Assert.Empty(left);
        Assert.Equal((HttpStatusCode.Accepted, "pending", first.Id), (first.Status, second.State, second.Id));
        Assert.Single(await ListAsync(bench));
        await Aftermath.CheckAsync(bench, seen, Cancel);
    }

    [Fact]
    public async Task FLT_02_killed_before_the_reply_the_retry_gets_the_same_request()
    {
        await using var bench = await StartAsync("committed action.requested");
        var seen = await SeenAsync(bench);
        await AskInVainAsync(bench, "restart_service");
        await RestartAsync(bench);
        var left = Assert.Single(await ListAsync(bench));

        var again = await AskAsync(bench, "restart_service");
        var other = await AskAsync(bench, "rotate_key");

        Assert.Equal((left, "pending"), (again.Id, again.State));
        Assert.Equal((HttpStatusCode.Conflict, "idempotency-conflict"), (other.Status, other.Problem));
        Assert.Single(await ListAsync(bench));
        await Aftermath.CheckAsync(bench, seen, Cancel);
    }

    /// <summary>
    /// No channel exists yet that is told from the outbox; whoever would be told is told by the events and the queue.
    /// What the outbox itself does over a crash is tested with the store.
    /// </summary>
    [Fact]
    public async Task FLT_03_killed_before_anybody_is_told_the_review_is_in_the_queue_after_the_restart()
    {
        await using var bench = await StartAsync("commit-of action.requested|ran COMMIT");
        var seen = await SeenAsync(bench);
        await AskInVainAsync(bench, "restart_service");
        await RestartAsync(bench);

        var waiting = Assert.Single(await ListAsync(bench, "?state=pending"));
        await bench.Alice.VoteAsync(waiting, "approve", Cancel);
        var ended = await bench.Agent.WaitForEndAsync(waiting, Cancel);

        Assert.Equal("succeeded", ended.State);
        Assert.Single(bench.Upstream.Calls);
        await Aftermath.CheckAsync(bench, seen, Cancel);
    }

    [Fact]
    public async Task FLT_05_killed_after_the_vote_its_repetition_is_no_second_vote()
    {
        await using var bench = await StartAsync("committed review.vote");
        var seen = await SeenAsync(bench);
        var asked = await AskAsync(bench, "move_money");
        await VoteInVainAsync(bench, "BOB", asked);
        await RestartAsync(bench);
        var after = await bench.Alice.ShowAsync(asked.Id!, Cancel);

        var again = await bench.Product.As("BOB").VoteAsync(asked.Id!, "approve", Cancel);
        var second = await bench.Product.As("CAROL").VoteAsync(asked.Id!, "approve", Cancel);
        var ended = await bench.Agent.WaitForEndAsync(asked.Id!, Cancel);

        Assert.Equal("pending", after.State);
        Assert.Equal("bob", Assert.Single(VotersOf(after)));
        Assert.Equal((HttpStatusCode.Conflict, "already-voted"), (again.Status, again.Problem));
        Assert.Equal(HttpStatusCode.OK, second.Status);
        Assert.Equal(["bob", "carol"], VotersOf(ended));
        Assert.Equal("succeeded", ended.State);
        Assert.Single(bench.Upstream.Calls);
        await Aftermath.CheckAsync(bench, seen, Cancel);
    }

    [Fact]
    public async Task FLT_06_killed_after_the_decision_the_next_process_claims_and_executes_once()
    {
        await using var bench = await StartAsync("committed review.decided");
        var seen = await SeenAsync(bench);
        var asked = await AskAsync(bench, "restart_service");
        await VoteInVainAsync(bench, "ALICE", asked);
        Assert.Empty(bench.Upstream.Calls);
        await RestartAsync(bench);

        var ended = await bench.Agent.WaitForEndAsync(asked.Id!, Cancel);
        var again = await bench.Alice.VoteAsync(asked.Id!, "approve", Cancel);

        Assert.Equal("succeeded", ended.State);
        Assert.Equal("already-decided", again.Problem);
        Assert.Single(bench.Upstream.Calls);
        await Aftermath.CheckAsync(bench, seen, Cancel);
    }

    /// <summary>Nothing records yet that no credential was made, so nobody may say "failed before sending".</summary>
    [Fact]
    public async Task FLT_07_killed_after_the_claim_nothing_is_ever_sent_and_the_outcome_is_unknown()
    {
        await using var bench = await StartAsync("committed execution.intent");
        var seen = await SeenAsync(bench);
        var asked = await AskAsync(bench, "restart_service");
        await VoteInVainAsync(bench, "ALICE", asked);
        await RestartAsync(bench);

        var ended = await bench.Agent.WaitForEndAsync(asked.Id!, Cancel);
        var repeated = await AskAsync(bench, "restart_service");

        Assert.Equal("unknown", ended.State);
        Assert.Equal((asked.Id, "unknown"), (repeated.Id, repeated.State));
        Assert.Empty(bench.Upstream.Calls);
        await Aftermath.CheckAsync(bench, seen, Cancel);
    }

    [Fact]
    public async Task FLT_07_killed_after_the_claim_of_a_live_call_the_repeated_call_is_told_that_nobody_knows()
    {
        await using var bench = await StartAsync("committed execution.intent");
        var seen = await SeenAsync(bench);
        await CallInVainAsync(bench);
        await RestartAsync(bench);
        await bench.Alice.FindAsync("unknown", Cancel);

        await using var client = await ConnectAsync(bench);
        var answer = await client.CallAsync("read_report", Arguments(), Cancel);

        Assert.StartsWith("UNKNOWN OUTCOME of act_", answer.Text, StringComparison.Ordinal);
        Assert.Empty(bench.Upstream.Calls);
        await Aftermath.CheckAsync(bench, seen, Cancel);
    }

    /// <summary>
    /// A standing credential has no end: there is none to revoke. The point is the last one before the bytes leave; an
    /// earlier call has opened the connection, so that it is this call's own credential.
    /// </summary>
    [Fact]
    public async Task FLT_08_killed_with_the_credential_in_hand_nothing_is_ever_sent()
    {
        await using var bench = await StartAsync(
            "committed execution.intent|committed execution.intent|credential Authorization");
        var seen = await SeenAsync(bench);
        await bench.Agent.AskAsync("ops", "read_report", """{"name":"opens the connection"}""", Cancel);
        await bench.Upstream.NextCallAsync(Cancel);
        var asked = await AskAsync(bench, "restart_service");
        // The vote is answered or not: the claim and what follows it are not the voter's.
        await Record.ExceptionAsync(() => bench.Alice.VoteAsync(asked.Id!, "approve", Cancel));
        await RestartAsync(bench);

        var ended = await bench.Agent.WaitForEndAsync(asked.Id!, Cancel);

        Assert.Equal("unknown", ended.State);
        Assert.Equal("read_report", Assert.Single(bench.Upstream.Calls).Tool);
        await Aftermath.CheckAsync(bench, seen, Cancel);
    }

    [Fact]
    public async Task FLT_07_killed_before_its_credential_is_made_none_is_ever_made_and_nothing_is_sent()
    {
        using var helper = new MintFolder();
        await using var bench = await StartAsync("minting ops", helper);
        var seen = await SeenAsync(bench);
        var asked = await AskAsync(bench, "restart_service");
        await Record.ExceptionAsync(() => bench.Alice.VoteAsync(asked.Id!, "approve", Cancel));
        await RestartAsync(bench);

        var ended = await bench.Agent.WaitForEndAsync(asked.Id!, Cancel);
        var repeated = await AskAsync(bench, "restart_service");

        Assert.Equal("unknown", ended.State);
        Assert.Equal((asked.Id, "unknown"), (repeated.Id, repeated.State));
        Assert.Empty(helper.Minted);
        Assert.Empty(bench.Upstream.Calls);
        await Aftermath.CheckAsync(bench, seen, Cancel);
    }

    /// <summary>
    /// Nobody takes the credential back when its node dies, so it ends by itself; it never travels, and no other one is
    /// made for the same approval.
    /// </summary>
    [Fact]
    public async Task FLT_08_killed_after_its_credential_was_made_it_is_never_sent_and_no_other_is_made()
    {
        using var helper = new MintFolder();
        await using var bench = await StartAsync("minted ops", helper);
        var seen = await SeenAsync(bench);
        var asked = await AskAsync(bench, "restart_service");
        await Record.ExceptionAsync(() => bench.Alice.VoteAsync(asked.Id!, "approve", Cancel));
        await RestartAsync(bench);

        var ended = await bench.Agent.WaitForEndAsync(asked.Id!, Cancel);
        var repeated = await AskAsync(bench, "restart_service");

        Assert.Equal("unknown", ended.State);
        Assert.Equal((asked.Id, "unknown"), (repeated.Id, repeated.State));
        Assert.Equal($"{asked.Id} ops {asked.Digest}", Assert.Single(helper.Minted));
        Assert.Empty(bench.Upstream.Calls);
        Assert.DoesNotContain(MintFolder.Secret, bench.Product.Log, StringComparison.Ordinal);
        await Aftermath.CheckAsync(bench, seen, Cancel);
    }

    /// <summary>The other half, killed while the target has not answered, is in <see cref="CrashTests"/>.</summary>
    [Fact]
    public async Task FLT_09_killed_with_the_answer_in_hand_the_outcome_is_unknown_and_nothing_is_sent_again()
    {
        await using var bench = await StartAsync("commit-of execution.outcome");
        var seen = await SeenAsync(bench);
        await AskInVainAsync(bench, "read_report");
        await RestartAsync(bench);

        var again = await AskAsync(bench, "read_report");
        var ended = await bench.Agent.WaitForEndAsync(again.Id!, Cancel);

        Assert.Equal("unknown", ended.State);
        Assert.Contains("look at the target", ended.Json.GetProperty("outcome").GetRawText(), StringComparison.Ordinal);
        Assert.Single(bench.Upstream.Calls);
        Assert.Single(await ListAsync(bench));
        await Aftermath.CheckAsync(bench, seen, Cancel);
    }

    [Fact]
    public async Task FLT_10_killed_before_the_answer_left_the_caller_gets_it_by_its_key_and_by_id()
    {
        await using var bench = await StartAsync("committed execution.outcome");
        var seen = await SeenAsync(bench);
        await AskInVainAsync(bench, "read_report");
        await RestartAsync(bench);

        var again = await AskAsync(bench, "read_report");
        var shown = await bench.Agent.ShowAsync(again.Id!, Cancel);

        Assert.Equal(("succeeded", "succeeded"), (again.State, shown.State));
        Assert.Contains("ran read_report", shown.Json.GetProperty("outcome").GetRawText(), StringComparison.Ordinal);
        Assert.Single(bench.Upstream.Calls);
        await Aftermath.CheckAsync(bench, seen, Cancel);
    }

    [Fact]
    public async Task FLT_10_killed_before_the_answer_left_the_repeated_live_call_gets_it()
    {
        await using var bench = await StartAsync("committed execution.outcome");
        var seen = await SeenAsync(bench);
        await CallInVainAsync(bench);
        await RestartAsync(bench);

        await using var client = await ConnectAsync(bench);
        var answer = await client.CallAsync("read_report", Arguments(), Cancel);

        Assert.Equal(new ToolAnswer(IsError: false, "ran read_report", Status: null), answer);
        Assert.Single(bench.Upstream.Calls);
        await Aftermath.CheckAsync(bench, seen, Cancel);
    }

    private static Task<Bench> StartAsync(string killAt) =>
        Bench.StartAsync(new ProductOptions { KillAt = killAt }, Cancel);

    private static Task<Bench> StartAsync(string killAt, MintFolder helper) =>
        Bench.StartAsync(new ProductOptions { KillAt = killAt, Ops = helper.Credentials }, Cancel);

    private static async Task RestartAsync(Bench bench)
    {
        await bench.Product.WaitForDeathAsync(Cancel);
        await bench.Product.StartAgainAsync(Cancel);
    }

    private static Task<string> SeenAsync(Bench bench) => bench.Alice.Http.GetStringAsync("ledger/checkpoint", Cancel);

    private static JsonObject Arguments() => new() { ["name"] = "once" };

    private static async Task<ApiAnswer> AskAsync(Bench bench, string operation)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "v1/actions?wait=5")
        {
            Content = new StringContent(
                Api.AskBody("ops", operation, Arguments().ToJsonString()), Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Idempotency-Key", Key);
        if (operation is "restart_service" or "move_money" or "rotate_key")
        {
            request.RequestUri = new Uri("v1/actions", UriKind.Relative);
        }

        return await bench.Agent.SendAsync(request, Cancel);
    }

    private static Task<HttpRequestException> AskInVainAsync(Bench bench, string operation) =>
        Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(bench, operation));

    private static Task<HttpRequestException> VoteInVainAsync(Bench bench, string person, ApiAnswer asked) =>
        Assert.ThrowsAsync<HttpRequestException>(
            () => bench.Product.As(person).VoteAsync(asked.Id!, "approve", asked.Digest!, Cancel));

    private static async Task<IToolClient> ConnectAsync(Bench bench) => await DotNetClient.ConnectAsync(
        bench.Product.Mcp("ops"), ProductFolder.TokenOf("DEPLOY_BOT"), Cancel);

    private static async Task CallInVainAsync(Bench bench)
    {
        await using var client = await ConnectAsync(bench);
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var calling = client.CallAsync("read_report", Arguments(), leave.Token);
        await bench.Product.WaitForDeathAsync(Cancel);
        await leave.CancelAsync();
        Assert.NotNull(await Record.ExceptionAsync(() => calling));
    }

    private static async Task<IReadOnlyList<string>> ListAsync(Bench bench, string query = "")
    {
        var list = await bench.Alice.GetAsync("v1/actions" + query, Cancel);
        return [.. list.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!)];
    }

    private static IEnumerable<string?> VotersOf(ApiAnswer action) => action.Json.GetProperty("review")
        .GetProperty("votes").EnumerateArray().Select(vote => vote.GetProperty("person").GetString());
}
