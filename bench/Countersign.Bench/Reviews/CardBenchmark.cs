using System.Diagnostics;
using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Redaction;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Gates.Api;
using Countersign.Server.Channels.Slack;
using Countersign.Server.Cli.Action;
using Countersign.Server.Console.Parts;
using Countersign.Server.Console.Views;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Countersign.Bench.Reviews;

/// <summary>How long the card of an action with 100 KB of arguments takes in each channel.</summary>
internal static class CardBenchmark
{
    private const int CardBytes = 100_000;
    private const int Cards = 300;
    private const int Warmup = 1_500;
    private const double BudgetMicroseconds = 2_000;

    public static async Task<IReadOnlyList<Row>> RunAsync(Bench bench) =>
    [
        .. await MeasureAsync("a text of 100 KB", Text()),
        .. await MeasureAsync("a list of 100 KB", List()),
    ];

    private static async Task<IReadOnlyList<Row>> MeasureAsync(string what, CanonicalJson arguments)
    {
        var record = LargeAction(arguments);
        var today = Today(record);
        var mask = new CardMask(() => today, new RedactionKey(new byte[RedactionKey.Length]));
        var slack = new SlackCard(() => today, mask, AddressOf);
        await using var services = new ServiceCollection().BuildServiceProvider();
        return
        [
            await MeasureAsync($"card of {what} for Slack", () =>
            {
                slack.Render(Next(), isFirst: false, owed: []).ToArguments("C0123", ts: null).ToJsonString();
                return Task.CompletedTask;
            }),
            await MeasureAsync($"card of {what} for the console", () => WriteHtmlAsync(Next(), today, mask, services)),
            await MeasureAsync($"card of {what} for a terminal", () =>
            {
                WriteText(record);
                return Task.CompletedTask;
            }),
        ];

        // Of a version that no card showed before: what is hidden in one is remembered for the next.
        ActionRecord Next() => record = record with { Version = record.Version + 1 };
    }

    private static async Task<Row> MeasureAsync(string card, Func<Task> write)
    {
        var times = new double[Cards];
        var start = Stopwatch.GetTimestamp();
        for (var i = -Warmup; i < Cards; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await write();
            times[Math.Max(i, 0)] = Stopwatch.GetElapsedTime(began).TotalMicroseconds;
        }

        var samples = Samples.Of(times, Stopwatch.GetElapsedTime(start));
        return new Row(
            card,
            $"p50 {Samples.Time(samples.P50)}, p99 {Samples.Time(samples.P99)}",
            "",
            Samples.Times(samples.P50 / BudgetMicroseconds),
            "≤ 2 ms",
            samples.P50 <= BudgetMicroseconds);
    }

    private static async Task WriteHtmlAsync(
        ActionRecord record, Charter today, CardMask mask, IServiceProvider services)
    {
        var reader = new Voter(new PersonId("alice"), Assurance.Session);
        var right = new VotingRight(MayApprove: true, MayDeny: true, WhyNot: null);
        var view = new CardComposer(today, reader, right, record.CreatedAt).Compose(mask.Of(record), record);
        var parameters = ParameterView.FromDictionary(
            new Dictionary<string, object?> { ["View"] = view, ["FormToken"] = "token" });
        await using var renderer = new HtmlRenderer(services, NullLoggerFactory.Instance);
        await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var root = await renderer.RenderComponentAsync<ReviewCard>(parameters);
            root.WriteHtmlTo(TextWriter.Null);
        });
    }

    /// <summary>What <c>countersign action show</c> does with the API's answer.</summary>
    private static void WriteText(ActionRecord record)
    {
        var view = new Gates.Api.ActionView { Url = AddressOf(record.Id) };
        using var document = JsonDocument.Parse(ActionJson.Write(record, view));
        ActionText.Page(document.RootElement);
    }

    private static Uri AddressOf(ActionId id) => new($"http://localhost/console/actions/{id}");

    /// <summary>One string of numbers: nothing has more places where a value to be masked could begin.</summary>
    private static CanonicalJson Text() => new CanonicalObject()
        .Add("text", string.Concat(Enumerable.Range(0, CardBytes / 8).Select(i => $"{i % 10_000_000:0000000} ")))
        .ToCanonicalJson();

    /// <summary>Some 700 objects of four members, as of a bulk insert.</summary>
    private static CanonicalJson List()
    {
        string[] days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"];
        var orders = Enumerable.Range(0, CardBytes / 143).Select(i =>
        {
            var note = $"Please deliver on {days[i % days.Length]} before noon, and ring twice; the dog is friendly.";
            return $$"""
                {"customer":"Customer {{i * 7919 % 1000}} of the North","id":{{i}},"note":"{{note}}","total":{{i * 37}}}
                """;
        });
        return CanonicalJson.TryCanonicalize(
            System.Text.Encoding.UTF8.GetBytes($$"""{"orders":[{{string.Join(',', orders)}}]}"""),
            JsonLimits.Unbounded,
            out var json,
            out var problem)
            ? json
            : throw new InvalidOperationException(problem.ToString());
    }

    private static ActionRecord LargeAction(CanonicalJson arguments)
    {
        var target = new TargetName("sdk");
        var action = CanonicalAction.Of(target, "restart", arguments);
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
