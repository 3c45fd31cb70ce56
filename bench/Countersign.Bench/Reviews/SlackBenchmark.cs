using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Server.Channels.Slack;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.Bench.Reviews;

/// <summary>
/// How long the card of a large action takes, and a click until it is acknowledged: signed, recorded and executed, at
/// fifty clicks a second.
/// </summary>
internal static class SlackBenchmark
{
    private const string Secret = "secret-of-the-benchmarks";
    private const int CardBytes = 100_000;
    private const int Cards = 300;
    private const int Clicks = 1000;
    private const int Warmup = 100;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1.0 / 50);

    public static async Task<IReadOnlyList<Row>> RunAsync(Bench bench) => [Card(), await ClickAsync(bench)];

    private static Row Card()
    {
        var record = LargeAction();
        var card = new SlackCard(() => Today(record), id => new Uri($"http://localhost/console/actions/{id}"));
        var times = new double[Cards];
        var start = Stopwatch.GetTimestamp();
        for (var i = -Warmup; i < Cards; i++)
        {
            var began = Stopwatch.GetTimestamp();
            card.Render(record, isFirst: false).ToArguments("C0123", ts: null).ToJsonString();
            times[Math.Max(i, 0)] = Stopwatch.GetElapsedTime(began).TotalMicroseconds;
        }

        var samples = Samples.Of(times, Stopwatch.GetElapsedTime(start));
        return new Row(
            "card of a 100 KB action for Slack",
            $"p50 {Samples.Time(samples.P50)}, p99 {Samples.Time(samples.P99)}",
            "",
            "",
            "≤ 2 ms",
            samples.P50 <= 2_000);
    }

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
            "",
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

    private static ActionRecord LargeAction()
    {
        var words = string.Concat(Enumerable.Range(0, CardBytes / 8).Select(i => $"{i % 10_000_000:0000000} "));
        var target = new TargetName("sdk");
        var action = CanonicalAction.Of(
            target, "restart", new CanonicalObject().Add("text", words).ToCanonicalJson());
        var asker = new Asker(new AgentId("bot-0"), OnBehalfOf: null);
        var now = TimeProvider.System.GetUtcNow();
        var stage = new Stage([Party.Parse("alice")], Need: 1, TimeSpan.FromHours(1), []);
        var requirement = new Requirement(
            new RuleId("restarts"), "why", [stage], Assurance.Chat, [], Bounds.None, GrantTerms.Default);
        var verdict = new Verdict(
            VerdictOutcome.Require,
            [new MatchedRule(requirement.Rule, "why")],
            [requirement],
            PolicyHash.Of("policy"u8));
        return new ActionRecord
        {
            Id = ActionId.Create(now, new byte[10]),
            Version = 1,
            Asker = asker,
            Gate = GateKind.Api,
            Via = GateKind.Api,
            Environment = "bench",
            Action = action,
            Facts = Facts.None,
            Claimed = Claimed.Nothing,
            Verdict = verdict,
            Key = AttachKey.Of(asker, action, idempotencyKey: null),
            Detached = true,
            CreatedAt = now,
            Life = Lifecycle.Begin(action.Digest, verdict, now).Life,
            Ledger = new LedgerPosition(0, 1, now),
        };
    }

    private static Core.Charter Today(ActionRecord record) => new()
    {
        People = new People(
            [new Person(new PersonId("alice"), "Alice", [], IsAdmin: false)],
            [new Agent(record.Asker.Agent, Party.Parse("alice"))]),
        Targets = System.Collections.Immutable.ImmutableDictionary<TargetName, Target>.Empty.Add(
            record.Action.Target, new Target(record.Action.Target, GateKind.Api, "bench")),
        Policy = record.Verdict.Policy,
        Judge = (_, _) => record.Verdict,
    };
}
