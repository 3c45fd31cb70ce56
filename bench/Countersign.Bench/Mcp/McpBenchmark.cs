using System.Diagnostics;

namespace Countersign.Bench.Mcp;

/// <summary>
/// A small call of a harmless tool, each recorded before it is sent: through the product and directly, with a public
/// server in Node.js and with one that does nothing at all; and with a server over standard input and output, through
/// the product and through a proxy that neither judges nor records.
/// </summary>
internal static class McpBenchmark
{
    private const int Calls = 6_000;
    private const int Workers = 8;

    public static async Task<IReadOnlyList<Row>> RunAsync(Bench bench)
    {
        using var upstream = Bench.Start(Bench.Self("upstream"));
        var direct = new Uri((await upstream.StandardOutput.ReadLineAsync())!);
        // A target's program inherits no environment, and this one may need to be told where .NET is.
        var dotnet = $"DOTNET_ROOT={Environment.GetEnvironmentVariable("DOTNET_ROOT")}";
        string[] program = ["/usr/bin/env", dotnet, .. Bench.Self("upstream-stdio")];
        var command = string.Join(", ", program.Select(part => $"\"{part}\""));
        var port = 15_000 + (Environment.ProcessId % 15_000);
        var everything = new Uri($"http://127.0.0.1:{port + 1}/mcp");
        using var node = StartSilent(
            [
                "node", bench.Node("node_modules/@modelcontextprotocol/server-everything/dist/index.js"),
                "streamableHttp",
            ],
            port + 1);
        await using var product = await ServedProduct.StartAsync(
            bench,
            $$"""
              node: { gate: mcp, environment: bench, upstream: { url: "{{everything}}" } }
              web: { gate: mcp, environment: bench, upstream: { url: "{{direct}}" } }
              node-with: { gate: mcp, environment: bench, record: with, upstream: { url: "{{everything}}" } }
              piped: { gate: mcp, environment: bench, upstream: { command: [{{command}}] } }
            """);
        var proxied = new Uri($"http://127.0.0.1:{port}/mcp");
        using var proxy = StartSilent(
            [
                "node", bench.Node("node_modules/mcp-proxy/dist/bin/mcp-proxy.mjs"), "--server", "stream",
                "--host", "127.0.0.1", "--port", $"{port}", "--", .. Bench.Self("upstream-stdio"),
            ],
            port);
        try
        {
            return
            [
                .. await CompareAsync("Node.js server", everything, "directly", product, "mcp/node", isBudget: true),
                .. await CompareAsync(
                    "Node.js server, record: with", everything, "directly", product, "mcp/node-with", isBudget: true),
                .. await CompareAsync("empty server", direct, "directly", product, "mcp/web", isBudget: true),
                .. await CompareAsync("stdio server", proxied, "mcp-proxy", product, "mcp/piped", isBudget: false),
            ];
        }
        finally
        {
            proxy.Kill(entireProcessTree: true);
            node.Kill(entireProcessTree: true);
            upstream.Kill();
        }
    }

    private static async Task<IReadOnlyList<Row>> CompareAsync(
        string what, Uri other, string otherName, ServedProduct product, string path, bool isBudget)
    {
        using var beside = await OpenAsync(other, token: null);
        using var through = await OpenAsync(new Uri(product.Address, path), ServedProduct.AgentToken);
        var (besideOne, throughOne) = (await MeasureAsync(beside, 1), await MeasureAsync(through, 1));
        var besideMany = await MeasureAsync(beside, Workers);
        var before = product.CpuTime();
        var throughMany = await MeasureAsync(through, Workers);
        var cpu = (product.CpuTime() - before).TotalMicroseconds / (Calls + (Calls / 4));
        var added = throughOne.P50 - besideOne.P50;
        var ratio = throughMany.PerSecond / besideMany.PerSecond;
        return
        [
            new Row(
                $"MCP, {what}, 1 caller",
                $"p50 {Samples.Time(throughOne.P50)}, p99 {Samples.Time(throughOne.P99)}",
                $"{otherName} p50 {Samples.Time(besideOne.P50)}",
                $"{(added < 0 ? "-" : "+")}{Samples.Time(Math.Abs(added))}",
                isBudget ? "≤ 1 ms added at p50" : "",
                isBudget ? added <= 1000 : null),
            new Row(
                $"MCP, {what}, {Workers} callers",
                $"{Samples.Rate(throughMany.PerSecond)}, {Samples.Time(cpu)} of CPU each",
                $"{otherName} {Samples.Rate(besideMany.PerSecond)}",
                Samples.Times(ratio),
                isBudget ? "≥ 0.5 × direct" : "",
                isBudget ? ratio >= 0.5 : null),
        ];
    }

    private static async Task<Samples> MeasureAsync(McpClient client, int workers)
    {
        // Each call asks for something else, as agents do; identical ones would be another case.
        var asked = 0;
        Task Call(int worker, int i) =>
            client.CallAsync("echo", $$"""{"message":"{{Interlocked.Increment(ref asked)}}"}""");
        await Samples.TakeAsync(Calls / 4, workers, Call);
        return await Samples.TakeAsync(Calls, workers, Call);
    }

    private static async Task<McpClient> OpenAsync(Uri address, string? token)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await McpClient.OpenAsync(address, token);
            }
            catch (HttpRequestException) when (attempt < 100)
            {
                // It is still starting.
                await Task.Delay(100);
            }
        }
    }

    private static Process StartSilent(IReadOnlyList<string> command, int port)
    {
        var process = Bench.Start(command, new Dictionary<string, string> { ["PORT"] = $"{port}" });
        _ = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        return process;
    }
}
