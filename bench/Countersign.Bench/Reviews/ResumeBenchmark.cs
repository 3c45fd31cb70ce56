using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Countersign.Bench.Mcp;

namespace Countersign.Bench.Reviews;

/// <summary>From the moment a reviewer's approval is sent to the moment the held agent has its result.</summary>
internal static class ResumeBenchmark
{
    private const int Reviews = 400;

    /// <summary>Reviews before those that are measured, as in the other rows: a server is seldom cold.</summary>
    private const int Warmup = 200;

    public static async Task<IReadOnlyList<Row>> RunAsync(Bench bench)
    {
        using var upstream = Bench.Start(Bench.Self("upstream"));
        var direct = await upstream.StandardOutput.ReadLineAsync();
        await using var product = await ServedProduct.StartAsync(
            bench,
            $$"""
              web: { gate: mcp, environment: bench, upstream: { url: "{{direct}}" } }
            """,
            "limits: { reviews_per_agent_per_minute: 100000 }");
        using var agent = await McpClient.OpenAsync(new Uri(product.Address, "mcp/web"), ServedProduct.AgentToken);
        using var alice = new ReviewApi(product.Address, ServedProduct.ReviewerToken);
        var times = new double[Reviews];
        var start = Stopwatch.GetTimestamp();
        for (var i = -Warmup; i < Reviews; i++)
        {
            var held = agent.CallAsync(
                "restart", string.Create(CultureInfo.InvariantCulture, $$"""{"service":"s{{i}}"}"""));
            var action = await NextPendingAsync(alice);
            var began = Stopwatch.GetTimestamp();
            var voting = alice.ApproveAsync(action);
            await held;
            times[Math.Max(i, 0)] = Stopwatch.GetElapsedTime(began).TotalMicroseconds;
            await voting;
        }

        upstream.Kill();
        var samples = Samples.Of(times, Stopwatch.GetElapsedTime(start));
        return
        [
            new Row(
                "vote to resumed agent, one node",
                $"p50 {Samples.Time(samples.P50)}, p99 {Samples.Time(samples.P99)}",
                "",
                "",
                "p99 ≤ 20 ms",
                samples.P99 <= 20_000),
        ];
    }

    private static async Task<JsonElement> NextPendingAsync(ReviewApi alice)
    {
        while (true)
        {
            var items = (await alice.ListPendingAsync()).GetProperty("items");
            if (items.GetArrayLength() > 0)
            {
                return items[0];
            }
        }
    }
}
