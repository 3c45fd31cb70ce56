using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;

namespace Countersign.Bench.Policies;

/// <summary>
/// 1,000 rules over three gates with three conditions each, every tenth with a pattern; 10,000 different actions.
/// Beside it the same rules in Cedar, compiled to WebAssembly, in Node.js.
/// </summary>
internal static class PolicyBenchmark
{
    private const int Rules = 1000;
    private const int Actions = 10_000;
    private const int Rounds = 20;

    private static readonly (GateKind Gate, string Target)[] Gates =
        [(GateKind.Mcp, "tools"), (GateKind.Api, "sdk"), (GateKind.Command, "shell")];

    public static async Task<IReadOnlyList<Row>> RunAsync(Bench bench)
    {
        var indexed = Measure(PolicyText(hasEquality: true));
        var ranges = Measure(PolicyText(hasEquality: false));
        var cedar = await MeasureCedarAsync(bench);
        return
        [
            RowOf("policy, 1,000 rules, an equality in each", indexed, cedar),
            RowOf("policy, 1,000 rules, ranges only", ranges, cedar),
        ];
    }

    private static Row RowOf(string what, Samples samples, Samples cedar) => new(
        what,
        $"p50 {Samples.Time(samples.P50)}, p99 {Samples.Time(samples.P99)}",
        $"Cedar (WASM) p50 {Samples.Time(cedar.P50)}",
        Samples.Times(cedar.P50 / samples.P50) + " faster",
        "p50 ≤ 10 µs, p99 ≤ 100 µs",
        samples.P50 <= 10 && samples.P99 <= 100);

    private static Samples Measure(string text)
    {
        var load = Policy.Load([new PolicyText("bench.yaml", text)], people: null);
        var policy = load is PolicyLoad.Loaded loaded
            ? loaded.Policy
            : throw new InvalidOperationException(string.Join("\n", ((PolicyLoad.Refused)load).Errors));
        PolicyInput[] inputs = [.. Enumerable.Range(0, Actions).Select(InputOf)];
        var times = new double[Actions * Rounds];
        for (var round = 0; round < 3; round++)
        {
            foreach (var input in inputs)
            {
                policy.Judge(input);
            }
        }

        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < times.Length; i++)
        {
            var began = Stopwatch.GetTimestamp();
            policy.Judge(inputs[i % Actions]);
            times[i] = Stopwatch.GetElapsedTime(began).TotalMicroseconds;
        }

        return Samples.Of(times, Stopwatch.GetElapsedTime(start));
    }

    private static string PolicyText(bool hasEquality)
    {
        var text = new StringBuilder("version: 1\ndefault: deny\nrules:\n");
        for (var i = 0; i < Rules; i++)
        {
            var target = Gates[i % 3].Target;
            var first = hasEquality
                ? $"target.name == \"{target}\" && action.operation == \"op{i}\""
                : $"target.name.startsWith(\"{target}\") && action.bytes > {i} && action.bytes < {i + 40}";
            var last = i % 10 == 0
                ? $"action.arguments.name.matches(\"^team-{i}-[a-z]+$\")"
                : $"action.arguments.amount < {1000 + i}";
            text.Append(CultureInfo.InvariantCulture, $"  - id: rule-{i}\n    reason: Rule {i}.\n")
                .Append(CultureInfo.InvariantCulture, $"    when: '{first} && {last}'\n")
                .Append("    then: deny\n");
        }

        return text.ToString();
    }

    private static PolicyInput InputOf(int i)
    {
        var (gate, target) = Gates[i % 3];
        var json = $$"""{"amount":{{i % 2500}},"name":"team-{{i % Rules}}-{{(i % 2 == 0 ? "core" : "X")}}"}""";
        if (!CanonicalJson.TryCanonicalize(
                Encoding.UTF8.GetBytes(json), JsonLimits.Default, out var arguments, out var refusal))
        {
            throw new InvalidOperationException(refusal.Message);
        }

        var action = CanonicalAction.Of(new TargetName(target), $"op{i % Rules}", arguments);
        var asker = new Asker(new AgentId("bot"), OnBehalfOf: null);
        var asking = new Asking(asker, new Target(new TargetName(target), gate, "production"), gate, action);
        return PolicyInput.Of(asking, People.None);
    }

    private static async Task<Samples> MeasureCedarAsync(Bench bench)
    {
        using var node = Bench.Start(["node", bench.Node("cedar.mjs"), $"{Rules}", $"{Actions}"]);
        var answer = await node.StandardOutput.ReadToEndAsync();
        await node.WaitForExitAsync();
        if (node.ExitCode != 0)
        {
            throw new InvalidOperationException(await node.StandardError.ReadToEndAsync());
        }

        var times = JsonNode.Parse(answer)!.AsArray().Select(time => (double)time!).ToArray();
        return Samples.Of(times, TimeSpan.FromMicroseconds(times.Sum()));
    }
}
