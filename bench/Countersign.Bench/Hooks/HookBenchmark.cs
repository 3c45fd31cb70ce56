using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Countersign.Bench.Reviews;

namespace Countersign.Bench.Hooks;

/// <summary>
/// What a coding agent waits for with each call: from the start of the hook's process to the first byte of its request.
/// And what held hooks cost the server, which sees of each one request that waits.
/// </summary>
internal static class HookBenchmark
{
    private const int Starts = 40;
    private const int Warmup = 5;
    private const int Held = 200;
    private const double StartBudgetMilliseconds = 120;
    private const double HeldBudgetMegabytes = 100;
    private const double Megabyte = 1024 * 1024;

    private const string Told =
        """
        {"session_id":"s","cwd":"/src","hook_event_name":"PreToolUse","tool_name":"Bash",
         "tool_input":{"command":"make test","description":"Run the tests"},"tool_use_id":"t"}
        """;

    public static async Task<IReadOnlyList<Row>> RunAsync(Bench bench) =>
        [await StartAsync(bench), await HoldAsync(bench)];

    private static async Task<Row> StartAsync(Bench bench)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port: 0);
        listener.Start();
        var times = new double[Starts];
        var began = Stopwatch.GetTimestamp();
        for (var i = -Warmup; i < Starts; i++)
        {
            times[Math.Max(i, 0)] = await FirstByteAsync(bench, listener);
        }

        var samples = Samples.Of(times, Stopwatch.GetElapsedTime(began));
        return new Row(
            "hook, start to first byte sent",
            $"p50 {Samples.Time(samples.P50)}, p99 {Samples.Time(samples.P99)}",
            "",
            "",
            "p50 ≤ 120 ms",
            samples.P50 <= StartBudgetMilliseconds * 1000);
    }

    /// <summary>In microseconds; the hook is then refused, which ends it.</summary>
    private static async Task<double> FirstByteAsync(Bench bench, TcpListener listener)
    {
        const string Refusal = "HTTP/1.1 403 Forbidden\r\nContent-Length: 15\r\n\r\n{\"detail\":\"no\"}";
        var start = Stopwatch.GetTimestamp();
        using var hook = Bench.Start(
            [bench.Product, "hook", "claude-code", "--target", "laptop", "--timeout", "600"],
            new Dictionary<string, string>
            {
                ["COUNTERSIGN_URL"] = $"http://{listener.LocalEndpoint}", ["COUNTERSIGN_TOKEN"] = "token",
            });
        await hook.StandardInput.WriteAsync(Told);
        hook.StandardInput.Close();
        using var connection = await listener.AcceptTcpClientAsync();
        await using var stream = connection.GetStream();
        var buffer = new byte[64 * 1024];
        var length = await stream.ReadAsync(buffer);
        var taken = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        while (buffer[length - 1] != '}')
        {
            length += await stream.ReadAsync(buffer.AsMemory(length));
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes(Refusal));
        await hook.WaitForExitAsync();
        return hook.ExitCode == 2
            ? taken
            : throw new InvalidOperationException($"The hook ended with {hook.ExitCode}.");
    }

    private static async Task<Row> HoldAsync(Bench bench)
    {
        await using var product = await ServedProduct.StartAsync(
            bench, "  laptop: { gate: hook, environment: bench }", "limits: { pending_per_agent: 1000 }");
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = product.Address };
        using var alice = new ReviewApi(product.Address, ServedProduct.ReviewerToken);
        await WaitForPendingAsync(alice, 0);
        var before = product.ResidentBytes();
        using var stop = new CancellationTokenSource();
        var held = Enumerable.Range(0, Held).Select(hook => AskAsync(http, hook, stop.Token)).ToList();
        await WaitForPendingAsync(alice, Held);
        var added = (product.ResidentBytes() - before) / Megabyte;
        await stop.CancelAsync();
        await Task.WhenAll(held.Select(async call => await Task.WhenAny(call)));
        return new Row(
            $"{Held} hooks held at once, memory of the server",
            string.Create(CultureInfo.InvariantCulture, $"+{added:0} MB on {before / Megabyte:0} MB"),
            "",
            "",
            "≤ 100 MB",
            added <= HeldBudgetMegabytes);
    }

    private static async Task AskAsync(HttpClient http, int hook, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/actions?wait=50")
        {
            Content = JsonContent.Create(new
            {
                target = "laptop",
                operation = "restart",
                arguments = new { host = "claude-code", cwd = "/src", input = new { command = $"restart {hook}" } },
                session = $"session-{hook}",
            }),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Bearer", ServedProduct.TokenOf(hook % ServedProduct.Agents));
        using var response = await http.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    private static async Task WaitForPendingAsync(ReviewApi alice, int count)
    {
        JsonElement items;
        do
        {
            items = (await alice.ListPendingAsync(Held)).GetProperty("items");
        }
        while (items.GetArrayLength() < count);
    }
}
