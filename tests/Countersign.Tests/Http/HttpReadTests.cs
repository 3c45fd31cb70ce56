using System.Net;
using System.Text;
using System.Text.Json;
using Countersign.Core.Ledger;

namespace Countersign.Tests.Http;

/// <summary>
/// Under <c>with</c> the reads of a connection share an entry, and none of their answers leaves before it; under
/// <c>behind</c> the entry follows, and what may be missing was said beforehand.
/// </summary>
public sealed class HttpReadTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_read_has_no_action_of_its_own_and_stands_in_the_ledger()
    {
        await using var bench = await HttpBench.StartAsync("record: with");

        var first = await bench.Agent.GetAsync("/http/billing/a", Cancelled);
        var second = await bench.Agent.GetAsync("/http/billing/b", Cancelled);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first.StatusCode, second.StatusCode));
        Assert.False(first.Headers.Contains("Countersign-Action"));
        var list = await HttpBench.JsonAsync(await bench.Alice.GetAsync("/v1/actions", Cancelled));
        Assert.Equal(0, list.GetProperty("items").GetArrayLength());
        await EntryAsync(bench, "action.executed");
    }

    /// <summary>The record is made before the caller took all of it, so it goes by what the target announced.</summary>
    [Theory]
    [InlineData(11)]
    [InlineData(3_000_000)]
    public async Task The_ledger_has_the_length_of_the_whole_answer(int length)
    {
        await using var bench = await HttpBench.StartAsync("record: with\nredact: none");
        bench.Upstream.Answer = RawUpstream.Says(RawUpstream.Ok(new string('x', length), "text/plain"));

        var answer = await bench.Agent.GetStringAsync("/http/billing/a", Cancelled);
        var read = await ReadAsync(bench);

        Assert.Equal(length, answer.Length);
        // Statement, time, parameters, rows, bytes, duration.
        Assert.Equal(length, read[4].GetInt64());
    }

    [Fact]
    public async Task Behind_a_window_the_ledger_says_beforehand_what_may_be_missing()
    {
        await using var bench = await HttpBench.StartAsync("record: behind\nredact: none");
        var declared = 0;
        bench.Upstream.Answer = async (_, stream) =>
        {
            declared += await CountAsync(bench, "recording.window");
            await stream.WriteAsync(Encoding.Latin1.GetBytes(RawUpstream.Ok("ok", "text/plain")), Cancelled);
            return true;
        };

        var answer = await bench.Agent.GetAsync("/http/billing/a", Cancelled);
        var again = await bench.Agent.GetStringAsync("/http/billing/a", Cancelled);

        Assert.False(answer.Headers.Contains("Countersign-Action"));
        Assert.Equal(("ok", 2), (again, declared));
        await EntryAsync(bench, "action.executed");
    }

    [Fact]
    public async Task A_rule_may_ask_for_more_than_a_target_that_records_behind()
    {
        await using var bench = await HttpBench.StartAsync(
            "record: behind\nredact: none",
            HttpBench.Policy.Replace(
                """http.method in ["GET", "HEAD", "OPTIONS"]""",
                """http.method in ["GET", "HEAD", "OPTIONS"]""" + "\n    record: with",
                StringComparison.Ordinal));

        await bench.Agent.GetStringAsync("/http/billing/a", Cancelled);
        await EntryAsync(bench, "action.executed");

        Assert.Equal(0, await CountAsync(bench, "recording.window"));
    }

    [Theory]
    [InlineData("POST", null)]
    [InlineData("GET", "a-key")]
    public async Task What_may_change_something_or_promises_to_run_once_is_an_action(string method, string? key)
    {
        await using var bench = await HttpBench.StartAsync("record: with");
        using var request = new HttpRequestMessage(new HttpMethod(method), "/http/billing/free");
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        var answer = await bench.Agent.SendAsync(request, Cancelled);

        var action = await bench.ActionAsync(Assert.Single(answer.Headers.GetValues("Countersign-Action")));
        Assert.Equal("succeeded", action.GetProperty("state").GetString());
    }

    [Fact]
    public async Task Without_with_each_read_is_an_action()
    {
        await using var bench = await HttpBench.StartAsync();

        var answer = await bench.Agent.GetAsync("/http/billing/a", Cancelled);

        Assert.True(answer.Headers.Contains("Countersign-Action"));
    }

    [Fact]
    public async Task A_policy_that_looks_at_more_than_the_request_is_asked_each_time()
    {
        await using var bench = await HttpBench.StartAsync(
            "record: with",
            HttpBench.Policy + """

              - id: frozen
                reason: Nothing happens during a freeze.
                when: action.gate == "http" && calendar.frozen(target.name)
                then: deny
            """.ReplaceLineEndings("\n"));

        var answer = await bench.Agent.GetAsync("/http/billing/a", Cancelled);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(answer.Headers.Contains("Countersign-Action"));
    }

    [Fact]
    public async Task What_is_denied_or_held_reaches_nobody()
    {
        await using var bench = await HttpBench.StartAsync(
            "record: with",
            HttpBench.Policy.Replace(
                "http.path.startsWith(\"/wipe\")", "http.path == \"/no\"", StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.OK, (await bench.Agent.GetAsync("/http/billing/yes", Cancelled)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await bench.Agent.GetAsync("/http/billing/no", Cancelled)).StatusCode);
        Assert.StartsWith("GET /yes", bench.Upstream.Only, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_went_wrong_is_told_without_an_action_as_well()
    {
        await using var bench = await HttpBench.StartAsync("record: with\nmask: [ { field: ssn } ]");
        bench.Upstream.Answer = RawUpstream.Says(RawUpstream.Ok("ssn\n078-05-1120", "text/csv"));
        var withheld = await bench.Agent.GetAsync("/http/billing/a", Cancelled);
        bench.Upstream.Answer = (_, _) => Task.FromResult(false);
        var lost = await bench.Agent.GetAsync("/http/billing/b", Cancelled);

        Assert.Equal((HttpStatusCode.BadGateway, HttpStatusCode.BadGateway), (withheld.StatusCode, lost.StatusCode));
        Assert.DoesNotContain("078-05", await withheld.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        Assert.Contains("no answer", await lost.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_connections_at_once_get_their_own_answers()
    {
        await using var bench = await HttpBench.StartAsync("record: with");
        bench.Upstream.Answer = async (request, stream) =>
        {
            var path = request.Split(' ')[1];
            await stream.WriteAsync(Encoding.Latin1.GetBytes(RawUpstream.Ok(path, "text/plain")), Cancelled);
            return true;
        };

        await Task.WhenAll(Enumerable.Range(0, 16).Select(async caller =>
        {
            for (var i = 0; i < 20; i++)
            {
                var answer = await bench.Agent.GetStringAsync($"/http/billing/{caller}/{i}", Cancelled);
                Assert.Equal($"/{caller}/{i}", answer);
            }
        }));

        Assert.Equal(320, bench.Upstream.Requests.Count);
    }

    [Fact]
    public async Task A_connection_that_gives_many_reasons_costs_no_more_sessions_and_is_answered_all_the_same()
    {
        await using var bench = await HttpBench.StartAsync("record: with");

        var actions = 0;
        for (var i = 0; i < 20; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/http/billing/a");
            request.Headers.Add("Countersign-Reason", $"reason {i}");
            var answer = await bench.Agent.SendAsync(request, Cancelled);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            actions += answer.Headers.Contains("Countersign-Action") ? 1 : 0;
        }

        Assert.Equal(4, actions);
    }

    /// <summary>The row of the only read, as soon as its entry is there.</summary>
    private static async Task<JsonElement> ReadAsync(HttpBench bench)
    {
        await EntryAsync(bench, "action.executed");
        for (var index = 0L; ; index++)
        {
            var leaf = (await bench.Store.ReadLeavesAsync(index, 1, Cancelled))[0];
            if (Leaf.Decode(leaf.Span).Type == EntryType.ActionExecuted)
            {
                var payload = JsonElement.Parse((await bench.Store.ReadPayloadAsync(index, Cancelled))!.Value.Span);
                return Assert.Single(payload.GetProperty("reads").EnumerateArray());
            }
        }
    }

    /// <summary>Waits until the public log has an entry of a type.</summary>
    private static async Task EntryAsync(HttpBench bench, string type)
    {
        while (await CountAsync(bench, type) == 0)
        {
            await Task.Delay(50, Cancelled);
        }
    }

    /// <summary>Entries of a type in the public log.</summary>
    private static async Task<int> CountAsync(HttpBench bench, string type)
    {
        var checkpoint = await bench.Alice.GetStringAsync("/ledger/checkpoint", Cancelled);
        var size = checkpoint.Split('\n')[1];
        var leaves = await bench.Alice.GetByteArrayAsync($"/ledger/tile/entries/000.p/{size}", Cancelled);
        return Encoding.Latin1.GetString(leaves).Split($"\"type\":\"{type}\"").Length - 1;
    }
}
