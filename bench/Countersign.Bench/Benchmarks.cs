using System.Diagnostics;
using Countersign.Bench.Hooks;
using Countersign.Bench.Http;
using Countersign.Bench.Ledger;
using Countersign.Bench.Mcp;
using Countersign.Bench.Policies;
using Countersign.Bench.Postgres;
using Countersign.Bench.Receipts;
using Countersign.Bench.Redaction;
using Countersign.Bench.Reviews;
using Countersign.Bench.SignIn;

namespace Countersign.Bench;

/// <summary>Runs the benchmarks one after the other and prints one table.</summary>
internal static class Benchmarks
{
    private static readonly Dictionary<string, Func<Bench, Task<IReadOnlyList<Row>>>> All = new()
    {
        ["policy"] = PolicyBenchmark.RunAsync,
        ["ledger"] = LedgerBenchmark.RunAsync,
        ["audit"] = AuditBenchmark.RunAsync,
        ["mcp"] = McpBenchmark.RunAsync,
        ["postgres"] = PostgresBenchmark.RunAsync,
        ["masking"] = MaskingBenchmark.RunAsync,
        ["http"] = HttpBenchmark.RunAsync,
        ["resume"] = ResumeBenchmark.RunAsync,
        ["pending"] = PendingBenchmark.RunAsync,
        ["card"] = CardBenchmark.RunAsync,
        ["slack"] = SlackBenchmark.RunAsync,
        ["teams"] = TeamsBenchmark.RunAsync,
        ["console"] = ConsoleBenchmark.RunAsync,
        ["hooks"] = HookBenchmark.RunAsync,
        ["redaction"] = RedactionBenchmark.RunAsync,
        ["receipt"] = ReceiptBenchmark.RunAsync,
        ["jwt"] = JwtBenchmark.RunAsync,
    };

    /// <returns>The exit code: 0 when every budget is met, 1 when one is not, 2 when a name is unknown.</returns>
    public static async Task<int> RunAsync(Bench bench, string[] names)
    {
        if (names.FirstOrDefault(name => !All.ContainsKey(name)) is { } unknown)
        {
            var known = string.Join(", ", All.Keys);
            System.Console.Error.WriteLine($"There is no benchmark '{unknown}'; there are {known}.");
            return 2;
        }

        var rows = new List<Row>();
        foreach (var (name, run) in All.Where(entry => names.Length == 0 || names.Contains(entry.Key)))
        {
            System.Console.Error.WriteLine($"Measuring {name}…");
            var start = Stopwatch.GetTimestamp();
            rows.AddRange(await run(bench));
            System.Console.Error.WriteLine($"  took {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s");
        }

        Print(rows);
        return rows.Any(row => row.IsMet == false) ? 1 : 0;
    }

    private static void Print(List<Row> rows)
    {
        string[] titles = ["what", "Countersign", "beside it", "ratio", "budget", ""];
        string[][] cells =
        [
            titles,
            .. rows.Select(row => (string[])
                [row.What, row.Figure, row.Beside, row.Ratio, row.Budget, row.IsMet switch
                {
                    true => "met",
                    false => "MISSED",
                    null => "",
                }]),
        ];
        int[] widths = [.. titles.Select((_, column) => cells.Max(line => line[column].Length))];
        foreach (var line in cells)
        {
            var padded = line.Select((cell, column) => cell.PadRight(widths[column]));
            System.Console.WriteLine(string.Join("  ", padded).TrimEnd());
        }
    }
}
