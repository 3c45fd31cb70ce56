using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.Bench.Reviews;

/// <summary>
/// How long a click takes until it is acknowledged: signed, recorded and executed, at fifty clicks a second.
/// </summary>
internal static class SlackBenchmark
{
    private const string Secret = "secret-of-the-benchmarks";
    private const int Clicks = 1000;
    private const int Warmup = 100;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1.0 / 50);

    public static async Task<IReadOnlyList<Row>> RunAsync(Bench bench) => [await ClickAsync(bench)];

    private static async Task<Row> ClickAsync(Bench bench)
    {
        await using var slack = await ServeSlackAsync();
        await using var product = await ServedProduct.StartAsync(
            bench,
            "  sdk: { gate: api, environment: bench }",
            $$"""
            limits: { pending_per_agent: 1000000, reviews_per_agent_per_minute: 1000000 }
            channels:
              slack: { signing_secret: {{Secret}}, bot_token: xoxb-bench, channel: C0123,
                       base_url: "{{new Uri(new Uri(slack.Urls.First()), "/api/")}}" }
            """);
        using var agent = new ReviewApi(product.Address, ServedProduct.AgentToken);
        using var http = new HttpClient { BaseAddress = product.Address };
        var asked = new List<JsonElement>();
        for (var i = 0; i < Clicks + Warmup; i++)
        {
            asked.Add(await agent.AskAsync("restart", new { service = i }, waitSeconds: 0));
        }

        var times = new double[asked.Count];
        var start = Stopwatch.GetTimestamp();
        var clicking = new List<Task>();
        using var timer = new PeriodicTimer(Pause);
        for (var i = 0; i < asked.Count && await timer.WaitForNextTickAsync(); i++)
        {
            clicking.Add(MeasureAsync(http, asked[i], times, i));
        }

        await Task.WhenAll(clicking);
        var samples = Samples.Of(times[Warmup..], Stopwatch.GetElapsedTime(start));
        return new Row(
            "click in Slack to acknowledgement, 50 clicks/s",
            $"p50 {Samples.Time(samples.P50)}, p99.9 {Samples.Time(samples.P999)}",
            "",
            Samples.Times(samples.P999 / 1_000_000),
            "p99.9 ≤ 1 s",
            samples.P999 <= 1_000_000);
    }

    private static async Task MeasureAsync(HttpClient http, JsonElement action, double[] times, int at)
    {
        var payload = new JsonObject
        {
            ["type"] = "block_actions",
            ["user"] = new JsonObject { ["id"] = "U0ALICE", ["team_id"] = "T0123" },
            ["team"] = new JsonObject { ["id"] = "T0123" },
            ["channel"] = new JsonObject { ["id"] = "C0123" },
            ["actions"] = new JsonArray(new JsonObject
            {
                ["action_id"] = "approve",
                ["value"] = $"{action.GetProperty("id")}.1.{action.GetProperty("digest")}",
            }),
        };
        var body = "payload=" + Uri.EscapeDataString(payload.ToJsonString());
        var timestamp = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var hash = HMACSHA256.HashData(
            Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes($"v0:{timestamp}:{body}"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/channels/slack/interactions");
        request.Content = new StringContent(body, Encoding.UTF8, "application/x-www-form-urlencoded");
        request.Headers.Add("X-Slack-Request-Timestamp", timestamp);
        request.Headers.Add("X-Slack-Signature", $"v0={Convert.ToHexStringLower(hash)}");
        var began = Stopwatch.GetTimestamp();
        using var answer = await http.SendAsync(request);
        times[at] = Stopwatch.GetElapsedTime(began).TotalMicroseconds;
        answer.EnsureSuccessStatusCode();
    }

    private static async Task<WebApplication> ServeSlackAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        web.MapPost("/api/{method}", (string method) => Results.Text(
            method switch
            {
                "auth.test" => """{"ok":true,"team_id":"T0123"}""",
                "users.info" => """{"ok":true,"user":{"id":"U0ALICE","team_id":"T0123"}}""",
                "conversations.info" => """{"ok":true,"channel":{"id":"C0123"}}""",
                _ => """{"ok":true,"channel":"C0123","ts":"1.1"}""",
            },
            "application/json"));
        await web.StartAsync();
        return web;
    }
}
