using System.Net;
using System.Text.Json;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>Reading many actions: pages, filters and the stream of events.</summary>
public sealed class ListingTests(SharedBench shared) : IClassFixture<SharedBench>
{
    private readonly Bench _bench = shared.Bench;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_run_from_the_newest_to_the_oldest_without_gap_or_repetition()
    {
        var asked = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            var answer = await _bench.Product.As("TEAM_BOT")
                .AskAsync("sdk", "restart_service", $$"""{"page":{{i}}}""", Cancel);
            asked.Insert(0, answer.Id!);
        }

        var listed = new List<string>();
        for (string? next = ""; next is not null;)
        {
            var before = next.Length == 0 ? "" : $"&before={next}";
            var page = await _bench.Alice.GetAsync($"v1/actions?agent=team-bot&limit=2{before}", Cancel);
            listed.AddRange(IdsOf(page));
            next = page.Text("next");
        }

        Assert.Equal(asked, listed);
    }

    [Fact]
    public async Task What_is_pending_is_paged_by_deadline_too()
    {
        var agent = _bench.Product.As("DEPLOY_BOT");
        var asked = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            var held = await agent.AskAsync("sdk", "restart_service", $$"""{"deadline":{{i}}}""", Cancel);
            asked.Add(held.Id!);
        }

        var listed = new List<string>();
        for (string? next = ""; next is not null;)
        {
            var after = next.Length == 0 ? "" : $"&after={next}";
            var page = await _bench.Alice.GetAsync($"v1/actions?order=deadline&limit=2{after}", Cancel);
            Assert.All(page.Json.GetProperty("items").EnumerateArray(), item =>
                Assert.Equal("pending", item.GetProperty("state").GetString()));
            listed.AddRange(IdsOf(page));
            next = page.Text("next");
        }

        Assert.Equal(asked, listed.Where(asked.Contains));
    }

    [Fact]
    public async Task Filters_select_by_state_target_and_agent()
    {
        var other = _bench.Product.As("OTHER_BOT");
        var held = await other.AskAsync("sdk", "restart_service", """{"filter":1}""", Cancel);
        var refused = await other.AskAsync("sdk", "drop_table", """{"filter":1}""", Cancel);

        // The product is shared with other tests, which ask for things of their own meanwhile.
        async Task<List<string>> TheseAsync(string query) =>
            [.. (await ListAsync(query)).Where(id => id == held.Id || id == refused.Id)];
        Assert.Equal([held.Id!], await TheseAsync("agent=other-bot&state=pending"));
        Assert.Equal([refused.Id!], await TheseAsync("agent=other-bot&state=refused"));
        Assert.Equal([refused.Id!, held.Id!], await TheseAsync("agent=other-bot&target=sdk"));
        Assert.Empty(await TheseAsync("agent=other-bot&target=ops"));
        Assert.Empty(await TheseAsync("agent=team-bot"));
    }

    [Theory]
    [InlineData("state=finished", "'state' is one of")]
    [InlineData("limit=0", "'limit' is a number")]
    [InlineData("before=yesterday", "'before' is an action id")]
    [InlineData("target=%00", "target")]
    [InlineData("order=size", "'order=deadline' lists")]
    [InlineData("order=deadline&after=yesterday", "'order=deadline' lists")]
    [InlineData("order=deadline&state=denied", "'order=deadline' lists")]
    [InlineData("after=1.act_00000000000000000000000000", "'order=deadline' lists")]
    public async Task A_filter_that_means_nothing_is_refused(string query, string detail)
    {
        var answer = await _bench.Alice.GetAsync($"v1/actions?{query}", Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains(detail, answer.Text("detail"), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_result_of_an_action_is_on_its_own_page_only()
    {
        var asked = await _bench.Agent.PostAsync(
            "v1/actions?wait=30", Api.AskBody("ops", "read_report", """{"result":1}"""), Cancel);

        var shown = await _bench.Alice.ShowAsync(asked.Id!, Cancel);
        var list = await _bench.Alice.GetAsync("v1/actions?state=succeeded&limit=100", Cancel);

        Assert.True(shown.Json.GetProperty("outcome").TryGetProperty("result", out _));
        var item = list.Json.GetProperty("items").EnumerateArray()
            .Single(one => one.GetProperty("id").GetString() == asked.Id);
        Assert.Equal("succeeded", item.GetProperty("outcome").GetProperty("state").GetString());
        Assert.False(item.GetProperty("outcome").TryGetProperty("result", out _));
    }

    [Fact]
    public async Task Events_tell_people_everything_and_agents_only_their_own()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Limits.Soon);
        await using var alice = _bench.Alice.ListenAsync(limit.Token).GetAsyncEnumerator(limit.Token);
        await using var agent = _bench.Agent.ListenAsync(limit.Token).GetAsyncEnumerator(limit.Token);
        await alice.MoveNextAsync();
        await agent.MoveNextAsync();

        var others = await _bench.Product.As("OTHER_BOT").AskAsync("sdk", "restart_service", """{"event":1}""", Cancel);
        var own = await _bench.Agent.AskAsync("sdk", "restart_service", """{"event":2}""", Cancel);

        Assert.Equal(others.Id, await NextNewAsync(alice, []));
        Assert.Equal(own.Id, await NextNewAsync(alice, [others.Id!]));
        Assert.Equal(own.Id, await NextNewAsync(agent, []));
    }

    private static async Task<string> NextNewAsync(IAsyncEnumerator<JsonElement?> events, string[] known)
    {
        while (await events.MoveNextAsync())
        {
            var id = events.Current!.Value.GetProperty("id").GetString()!;
            if (!known.Contains(id))
            {
                return id;
            }
        }

        throw new InvalidOperationException("The stream of events ended.");
    }

    private async Task<List<string>> ListAsync(string query) =>
        IdsOf(await _bench.Alice.GetAsync($"v1/actions?{query}", Cancel));

    private static List<string> IdsOf(ApiAnswer page) =>
        [.. page.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!)];
}
