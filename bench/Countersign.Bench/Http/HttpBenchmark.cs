using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using Countersign.Bench.Postgres;

namespace Countersign.Bench.Http;

/// <summary>
/// Small reads that the policy allows through the HTTP gate, each recorded before its answer leaves, beside nginx as a
/// plain reverse proxy before the same server; and a long answer. The routes take turns.
/// </summary>
internal static class HttpBenchmark
{
    private const int Rounds = 5;
    private const int Seconds = 3;

    /// <summary>A server that runs for days was compiled for what it does in its first seconds.</summary>
    private const int WarmSeconds = 15;
    private const int Gigabytes = 1;
    private const double Budget = 0.5;
    private const long MemoryBudget = 100L * 1024 * 1024;

    public static async Task<IReadOnlyList<Row>> RunAsync(Bench bench)
    {
        await using var nginx = await Nginx.StartAsync();
        var target = $"gate: http, environment: bench, upstream: \"http://127.0.0.1:{nginx.Server}\"";
        await using var product = await ServedProduct.StartAsync(
            bench,
            $$"""
              web: { {{target}}, record: with }
              quick: { {{target}}, record: behind, redact: none }
              full: { {{target}} }
            """);
        return
        [
            await RateAsync(product, nginx, "quick", clients: 32, "reads in windows declared beforehand", Budget),
            await RateAsync(product, nginx, "web", clients: 32, "request and outcome in one entry", Budget),
            await RateAsync(product, nginx, "full", clients: 32, "intent and outcome, each durable", budget: null),
            await LatencyAsync(product, nginx),
            await LongAsync(product),
        ];
    }

    private static async Task<Row> RateAsync(
        ServedProduct product, Nginx nginx, string target, int clients, string what, double? budget)
    {
        var gate = new Uri(product.Address, $"/http/{target}/small");
        var proxy = new Uri($"http://127.0.0.1:{nginx.Proxy}/small");
        await WrkAsync(gate, clients, WarmSeconds);
        var rounds = new List<(double Gate, double Proxy)>();
        for (var round = 0; round < Rounds; round++)
        {
            rounds.Add((Rate(await WrkAsync(gate, clients)), Rate(await WrkAsync(proxy, clients))));
        }

        var ratio = Pgbench.Median(rounds.Select(round => round.Gate / round.Proxy));
        return new Row(
            $"HTTP, {clients} clients, {what}",
            $"{Samples.Rate(Pgbench.Median(rounds.Select(round => round.Gate)))} requests",
            $"nginx {Samples.Rate(Pgbench.Median(rounds.Select(round => round.Proxy)))} requests",
            Samples.Times(ratio),
            budget is { } least ? string.Create(CultureInfo.InvariantCulture, $"≥ {least:0.0} ×") : "",
            budget is null ? null : ratio >= budget);
    }

    private static async Task<Row> LatencyAsync(ServedProduct product, Nginx nginx)
    {
        var gate = new Uri(product.Address, "/http/web/small");
        var proxy = new Uri($"http://127.0.0.1:{nginx.Proxy}/small");
        var rounds = new List<(double Gate, double Proxy)>();
        for (var round = 0; round < Rounds; round++)
        {
            rounds.Add((Median(await WrkAsync(gate, 1)), Median(await WrkAsync(proxy, 1))));
        }

        var (ours, theirs) = (
            Pgbench.Median(rounds.Select(round => round.Gate)), Pgbench.Median(rounds.Select(round => round.Proxy)));
        return new Row(
            "HTTP, one client, p50",
            string.Create(CultureInfo.InvariantCulture, $"{ours:0} µs"),
            string.Create(CultureInfo.InvariantCulture, $"nginx {theirs:0} µs"),
            string.Create(CultureInfo.InvariantCulture, $"+{ours - theirs:0} µs"),
            "",
            IsMet: null);
    }

    private static async Task<Row> LongAsync(ServedProduct product)
    {
        using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Bearer", ServedProduct.TokenOf(0));
        var before = product.ResidentBytes();
        var most = before;
        var start = Stopwatch.GetTimestamp();
        await using var body = await http.GetStreamAsync(new Uri(product.Address, "/http/web/long.bin"));
        var piece = new byte[1024 * 1024];
        var total = 0L;
        int read;
        while ((read = await body.ReadAsync(piece)) > 0)
        {
            total += read;
            most = Math.Max(most, product.ResidentBytes());
        }

        var rate = total / Stopwatch.GetElapsedTime(start).TotalSeconds / 1024 / 1024;
        return new Row(
            $"HTTP, an answer of {Gigabytes} GB",
            string.Create(CultureInfo.InvariantCulture, $"+{(most - before) / 1024 / 1024} MB, {rate:0} MB/s"),
            "",
            "",
            string.Create(CultureInfo.InvariantCulture, $"≤ {MemoryBudget / 1024 / 1024} MB"),
            total == Nginx.LongBytes && most - before <= MemoryBudget);
    }

    private static Task<string> WrkAsync(Uri address, int clients, int seconds = Seconds) => Cluster.RunAsync(
    [
        "wrk", "-t1", string.Create(CultureInfo.InvariantCulture, $"-c{clients}"),
        string.Create(CultureInfo.InvariantCulture, $"-d{seconds}s"), "--latency",
        "-H", $"Authorization: Bearer {ServedProduct.TokenOf(0)}", address.ToString(),
    ]);

    private static double Rate(string output)
    {
        if (output.Contains("Non-2xx", StringComparison.Ordinal))
        {
            throw new InvalidOperationException(output);
        }

        return double.Parse(Behind(output, "Requests/sec:"), CultureInfo.InvariantCulture);
    }

    /// <summary>In microseconds.</summary>
    private static double Median(string output)
    {
        // The space keeps 93.50% of another column from being taken for it.
        var text = Behind(output, " 50%");
        var number = double.Parse(text.TrimEnd('u', 'm', 's'), CultureInfo.InvariantCulture);
        return text.EndsWith("us", StringComparison.Ordinal) ? number
            : text.EndsWith("ms", StringComparison.Ordinal) ? number * 1_000
            : number * 1_000_000;
    }

    private static string Behind(string output, string label) => output[
        (output.IndexOf(label, StringComparison.Ordinal) + label.Length)..].Trim().Split('\n', ' ')[0].Trim();
}
