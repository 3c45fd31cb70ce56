using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Countersign.Tests.Http;

/// <summary>What a rule bounds holds while an answer is passed on, and not only until it begins.</summary>
public sealed class HttpBoundsTests
{
    private const string Policy = """
        version: 1
        default: deny
        rules:
          - id: exports
            reason: Exports are bounded.
            when: action.gate == "http"
            then: { require: { stages: [ { of: group:platform } ], assurance: token, bounds: { BOUNDS } } }
        """;

    private static byte[] Begin { get; } =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"u8.ToArray();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_answer_that_says_it_is_longer_than_approved_is_withheld_whole()
    {
        await using var bench = await StartAsync("output: 64KB");
        bench.Upstream.Answer = RawUpstream.Says(RawUpstream.Ok(new string('x', 64 * 1024 + 1), "text/plain"));

        var answer = await ApprovedAsync(bench);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        var problem = await answer.Content.ReadAsStringAsync(Cancelled);
        Assert.Contains("bounds.output", problem, StringComparison.Ordinal);
        Assert.Contains("65536", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("xxxx", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_as_long_as_approved_passes()
    {
        await using var bench = await StartAsync("output: 64KB");
        bench.Upstream.Answer = RawUpstream.Says(RawUpstream.Ok(new string('x', 64 * 1024), "text/plain"));

        var answer = await ApprovedAsync(bench);

        Assert.Equal(64 * 1024, (await answer.Content.ReadAsStringAsync(Cancelled)).Length);
    }

    /// <summary>The head of it is recorded and on its way when the rest turns out to be too much.</summary>
    [Fact]
    public async Task An_answer_that_grows_beyond_what_was_approved_breaks_off()
    {
        await using var bench = await StartAsync("output: 1MB");
        bench.Upstream.Answer = async (_, stream) =>
        {
            await stream.WriteAsync(Begin);
            var piece = Encoding.Latin1.GetBytes(new string('x', 64 * 1024));
            for (var i = 0; i < 64; i++)
            {
                await stream.WriteAsync(piece);
            }

            return false;
        };

        var answer = await ApprovedAsync(bench);

        Assert.InRange(await ReceivedUntilItBreaksAsync(answer), 1, 1024 * 1024);
    }

    [Fact]
    public async Task An_answer_that_takes_longer_than_approved_breaks_off()
    {
        await using var bench = await StartAsync("seconds: 2");
        bench.Upstream.Answer = (_, stream) => SpeakAsync(stream, bytes: 8_000, times: 300);

        var answer = await ApprovedAsync(bench);

        Assert.InRange(await ReceivedUntilItBreaksAsync(answer), 1, 100 * 8_000);
    }

    /// <summary>The last row of a text is held back: what is masked may begin in it.</summary>
    [Fact]
    public async Task An_answer_that_falls_silent_until_its_time_is_over_is_told_of_when_nothing_has_left()
    {
        await using var bench = await StartAsync("seconds: 2");
        bench.Upstream.Answer = async (_, stream) =>
        {
            await SpeakAsync(stream, bytes: 3, times: 1);
            await Task.Delay(TimeSpan.FromSeconds(30), Cancelled)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return false;
        };

        var answer = await ApprovedAsync(bench);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.NotEmpty(answer.Headers.GetValues("Countersign-Action"));
        Assert.Contains("in time", await answer.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
    }

    /// <summary>One piece each tenth of a second, without a length.</summary>
    private static async Task<bool> SpeakAsync(NetworkStream stream, int bytes, int times)
    {
        await stream.WriteAsync(Begin);
        for (var i = 0; i < times && !Cancelled.IsCancellationRequested; i++)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(new string('x', bytes - 1) + '\n'));
            await Task.Delay(100, Cancelled);
        }

        return false;
    }

    private static Task<HttpBench> StartAsync(string bounds) =>
        HttpBench.StartAsync(policy: Policy.Replace("BOUNDS", bounds, StringComparison.Ordinal));

    private static async Task<HttpResponseMessage> ApprovedAsync(HttpBench bench)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/http/billing/export");
        var asking = bench.Agent.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancelled);
        await bench.VoteAsync(await bench.OpenAsync(), "approve");
        return await asking;
    }

    private static async Task<long> ReceivedUntilItBreaksAsync(HttpResponseMessage answer)
    {
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var stream = await answer.Content.ReadAsStreamAsync(Cancelled);
        var (buffer, received) = (new byte[64 * 1024], 0L);
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            int count;
            while ((count = await stream.ReadAsync(buffer, Cancelled)) > 0)
            {
                received += count;
            }
        });
        return received;
    }
}
