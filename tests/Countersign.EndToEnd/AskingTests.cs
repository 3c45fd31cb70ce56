using System.Net;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary><c>POST /v1/actions</c> and reading back, over the wire.</summary>
public sealed class AskingTests(SharedBench shared) : IClassFixture<SharedBench>
{
    private readonly Bench _bench = shared.Bench;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_allowed_action_is_executed_once_and_answers_with_its_outcome()
    {
        var answer = await PostAsync("v1/actions?wait=30", "ops", "read_report", """{"id":"allowed"}""");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("succeeded", answer.State);
        Assert.Equal("api", answer.Text("via"));
        Assert.Equal("allow", answer.Json.GetProperty("verdict").GetProperty("outcome").GetString());
        Assert.Contains("ran read_report", answer.Json.GetProperty("outcome").GetRawText(), StringComparison.Ordinal);
        Assert.Single(_bench.Upstream.Calls, call => call.Arguments == """{"id":"allowed"}""");
    }

    [Fact]
    public async Task A_refused_action_says_which_rule_and_is_never_sent()
    {
        var answer = await PostAsync("v1/actions", "ops", "drop_table", """{"id":"refused"}""");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("refused", answer.State);
        var rule = answer.Json.GetProperty("verdict").GetProperty("rules")[0];
        Assert.Equal("drops", rule.GetProperty("id").GetString());
        Assert.Equal("Tables are dropped by people, never by agents.", rule.GetProperty("reason").GetString());
        Assert.DoesNotContain(_bench.Upstream.Calls, call => call.Tool == "drop_table");
    }

    [Fact]
    public async Task A_held_action_waits_and_runs_when_it_is_approved()
    {
        var held = await PostAsync("v1/actions?wait=0.5", "ops", "restart_service", """{"id":"held"}""");
        Assert.Equal(HttpStatusCode.Accepted, held.Status);
        Assert.Equal("pending", held.State);
        Assert.DoesNotContain(_bench.Upstream.Calls, call => call.Arguments == """{"id":"held"}""");

        var voted = await _bench.Alice.VoteAsync(held.Id!, "approve", Cancel);
        var ended = await _bench.Agent.WaitForEndAsync(held.Id!, Cancel);

        Assert.Equal(HttpStatusCode.OK, voted.Status);
        Assert.Equal("succeeded", ended.State);
        Assert.Single(_bench.Upstream.Calls, call => call.Arguments == """{"id":"held"}""");
    }

    [Fact]
    public async Task Waiting_ends_as_soon_as_somebody_decides()
    {
        var asking = PostAsync("v1/actions?wait=60", "ops", "restart_service", """{"id":"awaited"}""");
        var held = await FindHeldAsync("awaited");
        await _bench.Alice.VoteAsync(held, "deny", Cancel);

        var answer = await asking;

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("denied", answer.State);
        Assert.Equal("Denied by alice: deny by a test", answer.Text("explanation"));
    }

    [Fact]
    public async Task The_same_idempotency_key_finds_the_same_action()
    {
        var first = await AskWithKeyAsync("key-1", """{"id":"keyed"}""");
        var again = await AskWithKeyAsync("key-1", """{"id":"keyed"}""");
        var other = await AskWithKeyAsync("key-2", """{"id":"keyed"}""");

        Assert.Equal(first.Id, again.Id);
        Assert.NotEqual(first.Id, other.Id);
    }

    [Fact]
    public async Task The_same_idempotency_key_for_something_else_is_a_conflict()
    {
        var first = await AskWithKeyAsync("key-3", """{"id":"one"}""");
        var other = await AskWithKeyAsync("key-3", """{"id":"another"}""");

        Assert.Equal(HttpStatusCode.Conflict, other.Status);
        Assert.Equal("idempotency-conflict", other.Problem);
        Assert.Equal(first.Id, other.Text("action"));
    }

    [Fact]
    public async Task Asking_again_while_it_is_pending_attaches_to_the_same_review()
    {
        var first = await PostAsync("v1/actions", "ops", "restart_service", """{"a":1,"id":"attached"}""");
        var again = await PostAsync("v1/actions", "ops", "restart_service", """{ "id": "attached", "a": 1.0 }""");

        Assert.Equal(first.Id, again.Id);
        Assert.Equal(first.Digest, again.Digest);
    }

    [Fact]
    public async Task A_denied_request_stays_denied_and_opens_nothing()
    {
        var first = await PostAsync("v1/actions", "ops", "restart_service", """{"id":"denied"}""");
        await _bench.Alice.VoteAsync(first.Id!, "deny", Cancel);
        var before = await _bench.Alice.LedgerSizeAsync(Cancel);

        var again = await PostAsync("v1/actions?wait=5", "ops", "restart_service", """{"id":"denied"}""");

        Assert.Equal(HttpStatusCode.OK, again.Status);
        Assert.Equal("denied", again.State);
        Assert.Equal(first.Id, again.Id);
        Assert.DoesNotContain(_bench.Upstream.Calls, call => call.Arguments == """{"id":"denied"}""");
        Assert.Equal(before, await _bench.Alice.LedgerSizeAsync(Cancel));
        Assert.Single(await IdsOfAsync("denied"));
    }

    [Fact]
    public async Task A_target_that_gives_permits_stops_at_approved()
    {
        var held = await PostAsync("v1/actions", "sdk", "restart_service", """{"id":"permit"}""");
        await _bench.Alice.VoteAsync(held.Id!, "approve", Cancel);

        var asked = await PostAsync("v1/actions?wait=30", "sdk", "restart_service", """{"id":"permit"}""");

        Assert.Equal(HttpStatusCode.OK, asked.Status);
        Assert.Equal("approved", asked.State);
        Assert.Equal(held.Id, asked.Id);
        Assert.DoesNotContain(_bench.Upstream.Calls, call => call.Arguments == """{"id":"permit"}""");
    }

    [Fact]
    public async Task An_agent_sees_its_own_actions_and_no_others()
    {
        var mine = await PostAsync("v1/actions", "ops", "restart_service", """{"id":"mine"}""");
        var other = _bench.Product.As("OTHER_BOT");

        var shown = await other.ShowAsync(mine.Id!, Cancel);
        var withdrawn = await other.WithdrawAsync(mine.Id!, Cancel);
        var list = await other.GetAsync("v1/actions", Cancel);
        var listed = await other.GetAsync("v1/actions?agent=deploy-bot", Cancel);

        Assert.Equal(HttpStatusCode.NotFound, shown.Status);
        Assert.Equal("unknown-action", shown.Problem);
        Assert.Equal(HttpStatusCode.NotFound, withdrawn.Status);
        Assert.Empty(list.Json.GetProperty("items").EnumerateArray());
        Assert.Empty(listed.Json.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task A_person_does_not_ask()
    {
        var answer = await _bench.Alice.AskAsync("ops", "read_report", "{}", Cancel);

        Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
        Assert.Equal("not-eligible", answer.Problem);
    }

    private Task<ApiAnswer> PostAsync(string path, string target, string operation, string arguments) =>
        _bench.Agent.PostAsync(path, Api.AskBody(target, operation, arguments), Cancel);

    private async Task<ApiAnswer> AskWithKeyAsync(string key, string arguments)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "v1/actions")
        {
            Content = new StringContent(
                Api.AskBody("ops", "restart_service", arguments), System.Text.Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Idempotency-Key", key);
        return await _bench.Agent.SendAsync(request, Cancel);
    }

    private async Task<string> FindHeldAsync(string id)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Limits.Soon);
        await foreach (var _ in _bench.Alice.ListenAsync(limit.Token))
        {
            if (await IdsOfAsync(id) is [var found])
            {
                return found;
            }
        }

        throw new InvalidOperationException("The stream of events ended.");
    }

    private async Task<List<string>> IdsOfAsync(string id)
    {
        var list = await _bench.Alice.GetAsync("v1/actions?target=ops&limit=100", Cancel);
        return
        [
            .. list.Json.GetProperty("items").EnumerateArray()
                .Where(item => item.GetProperty("arguments").TryGetProperty("id", out var value)
                    && value.GetString() == id)
                .Select(item => item.GetProperty("id").GetString()!),
        ];
    }
}
