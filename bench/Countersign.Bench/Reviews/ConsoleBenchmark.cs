using System.Globalization;
using System.Text.Json;

namespace Countersign.Bench.Reviews;

/// <summary>
/// The console of a server with 10,000 open reviews: what a person waits for in a browser, and what 500 open pages
/// cost the server.
/// </summary>
internal static class ConsoleBenchmark
{
    private const int Pending = 10_000;
    private const int Workers = 64;
    private const int Consoles = 500;
    private const double FirstPaintMs = 1000;
    private const double InteractionMs = 100;
    private const double ConsolesMb = 150;

    /// <summary>How long memory is watched after everybody was woken.</summary>
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(15);

    public static async Task<IReadOnlyList<Row>> RunAsync(Bench bench)
    {
        await using var product = await ServedProduct.StartAsync(
            bench,
            "  sdk: { gate: api, environment: bench }",
            "limits: { pending_per_agent: 1000000, reviews_per_agent_per_minute: 1000000 }");
        var agents = Enumerable.Range(0, ServedProduct.Agents)
            .Select(agent => new ReviewApi(product.Address, ServedProduct.TokenOf(agent))).ToArray();
        await Samples.TakeAsync(
            Pending,
            Workers,
            (_, i) => agents[i % agents.Length].AskAsync("restart", new { service = i }, waitSeconds: 0));
        var rows = await InBrowserAsync(bench, product);
        rows.Add(await MemoryAsync(product, agents[0]));
        Array.ForEach(agents, agent => agent.Dispose());
        return rows;
    }

    private static async Task<List<Row>> InBrowserAsync(Bench bench, ServedProduct product)
    {
        using var browser = Bench.Start(
            ["node", bench.Node("console.mjs"), product.Address.ToString(), ServedProduct.ReviewerToken]);
        var problems = browser.StandardError.ReadToEndAsync();
        var said = await browser.StandardOutput.ReadToEndAsync();
        await browser.WaitForExitAsync();
        if (browser.ExitCode != 0)
        {
            throw new InvalidOperationException(await problems);
        }

        return [.. JsonElement.Parse(said).EnumerateObject().Select(measured => RowOf(
            measured.Name, [.. measured.Value.EnumerateArray().Select(time => time.GetDouble())]))];
    }

    private static Row RowOf(string what, double[] milliseconds)
    {
        var budget = what.StartsWith("first paint", StringComparison.Ordinal) ? FirstPaintMs : InteractionMs;
        Array.Sort(milliseconds);
        var (median, worst) = (milliseconds[milliseconds.Length / 2], milliseconds[^1]);
        return new Row(
            $"console, 10,000 reviews: {what}",
            string.Create(CultureInfo.InvariantCulture, $"median {median:0} ms, worst {worst:0} ms"),
            "",
            Samples.Times(worst / budget),
            string.Create(CultureInfo.InvariantCulture, $"≤ {budget:#,0} ms"),
            worst <= budget);
    }

    private static async Task<Row> MemoryAsync(ServedProduct product, ReviewApi agent)
    {
        using var first = await OpenConsole.SignInAsync(product.Address);
        await first.ReadPageAsync();
        var before = product.ResidentBytes();
        var consoles = new List<OpenConsole>();
        for (var i = 0; i < Consoles; i++)
        {
            consoles.Add(await first.OpenAnotherAsync());
        }

        var opened = product.ResidentBytes();
        await agent.AskAsync("restart", new { service = "wakes everybody" }, waitSeconds: 0);
        await Task.WhenAll(consoles.Select(console => console.CatchUpAsync()));
        var most = Math.Max(opened, product.ResidentBytes());
        await Task.Delay(Watched);
        var after = product.ResidentBytes();
        consoles.ForEach(console => console.Dispose());
        var (kept, peak) = ((Math.Max(opened, after) - before) / 1e6, (most - before) / 1e6);
        return new Row(
            "500 open consoles, each woken once",
            string.Create(CultureInfo.InvariantCulture, $"{kept:0} MB more, {peak:0} MB while all fetch"),
            "",
            Samples.Times(peak / ConsolesMb),
            "≤ 150 MB",
            peak <= ConsolesMb);
    }
}
