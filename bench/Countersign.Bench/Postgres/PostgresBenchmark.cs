using System.Globalization;
using Npgsql;

namespace Countersign.Bench.Postgres;

/// <summary>
/// Reads of pgbench that the policy allows, through the gate beside a direct connection and PgBouncer in session mode,
/// which neither reads nor records them; and what the gate itself costs: a shape that it sees for the first time, idle
/// connections, a long result.
/// </summary>
internal static class PostgresBenchmark
{
    private const int Shapes = 200;
    private const int Idle = 1_000;
    private const string LongResult = "SELECT repeat('x', 1000) FROM generate_series(1, 1000000)";

    public static async Task<IReadOnlyList<Row>> RunAsync(Bench bench)
    {
        await using var cluster = await Cluster.StartAsync();
        var port = Cluster.FreePort();
        await using var product = await ServedProduct.StartAsync(
            bench,
            $$"""
              pg-behind: {{TargetOf(cluster, "behind")}}
              pg-with: {{TargetOf(cluster, "with")}}
            """,
            string.Create(CultureInfo.InvariantCulture, $$"""postgres: { listen: 127.0.0.1:{{port}} }"""));
        var behind = new Route(port, "bot-0", "pg-behind");
        var with = new Route(port, "bot-0", "pg-with");
        await Pgbench.RatesAsync(new Load("prepared", 4), behind, with);
        return
        [
            await RatioAsync(cluster, new Load("prepared", 4), behind, budget: 0.7),
            await RatioAsync(cluster, new Load("simple", 4), behind, budget: 0.5),
            await RatioAsync(cluster, new Load("prepared", 4), with, budget: 0.4),
            await RatioAsync(cluster, new Load("prepared", 32), with, budget: 0.7),
            await LatencyAsync(cluster, behind, "prepared"),
            await LatencyAsync(cluster, behind, "simple"),
            await FirstSightAsync(cluster, behind),
            await LongResultAsync(product, behind),
            await IdleAsync(product, behind),
        ];
    }

    private static string TargetOf(Cluster cluster, string record)
    {
        var upstream = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{cluster.Port}/{Cluster.Superuser}");
        var admin = $"postgresql://{Cluster.Superuser}@{upstream}";
        var credentials = $$"""{ admin: "{{admin}}", grants: [{{Cluster.Reader}}] }""";
        var database = $$"""upstream: "postgresql://{{upstream}}", credentials: {{credentials}}""";
        return $$"""{ gate: postgres, environment: bench, record: {{record}}, {{database}} }""";
    }

    private static Route[] Beside(Cluster cluster, Route through) =>
    [
        new(cluster.Port, Cluster.Superuser, Cluster.Superuser),
        new(cluster.BouncerPort, Cluster.Superuser, Cluster.Superuser),
        through,
    ];

    private static async Task<Row> RatioAsync(Cluster cluster, Load load, Route through, double budget)
    {
        var rounds = await Pgbench.RatesAsync(load, Beside(cluster, through));
        var ratio = Pgbench.Median(rounds.Select(rates => rates[2] / rates[1]));
        return new Row(
            $"PostgreSQL, {through.Database[3..]}, {load.Protocol}, {load.Clients} clients",
            Samples.Rate(Pgbench.Median(rounds.Select(rates => rates[2]))),
            $"PgBouncer {Samples.Rate(Pgbench.Median(rounds.Select(rates => rates[1])))}, directly " +
            Samples.Rate(Pgbench.Median(rounds.Select(rates => rates[0]))),
            Samples.Times(ratio),
            string.Create(CultureInfo.InvariantCulture, $"≥ {budget:0.0} × PgBouncer"),
            ratio >= budget);
    }

    private static async Task<Row> LatencyAsync(Cluster cluster, Route through, string protocol)
    {
        var rounds = await Pgbench.LatenciesAsync(protocol, Beside(cluster, through));
        var added = Pgbench.Median(rounds.Select(p50 => p50[2] - p50[0]));
        return new Row(
            $"PostgreSQL, behind, {protocol}, 1 client",
            $"p50 {Samples.Time(Pgbench.Median(rounds.Select(p50 => p50[2])))}",
            $"PgBouncer p50 {Samples.Time(Pgbench.Median(rounds.Select(p50 => p50[1])))}, directly " +
            Samples.Time(Pgbench.Median(rounds.Select(p50 => p50[0]))),
            $"+{Samples.Time(added)}",
            "≤ 0.2 ms added at p50",
            added <= 200);
    }

    /// <summary>The same query under another name of its column is another shape.</summary>
    private static async Task<Row> FirstSightAsync(Cluster cluster, Route through)
    {
        await using var direct = await OpenAsync(Cluster.Direct(cluster.Port));
        await using var gate = await OpenAsync(Through(through, agent: 0));
        var added = new double[Shapes];
        for (var i = 0; i < Shapes; i++)
        {
            var text = string.Create(
                CultureInfo.InvariantCulture, $"SELECT abalance AS balance_{i} FROM pgbench_accounts WHERE aid = 1");
            added[i] = -await MillisecondsAsync(direct, text) + await MillisecondsAsync(gate, text);
        }

        var median = Pgbench.Median(added);
        return new Row(
            "PostgreSQL, first sight of a shape",
            $"p50 {Samples.Time(median * 1000)} added",
            "",
            "",
            "≤ 2 ms",
            median <= 2);
    }

    private static async Task<double> MillisecondsAsync(NpgsqlConnection connection, string text)
    {
        await using var command = new NpgsqlCommand(text, connection);
        var start = System.Diagnostics.Stopwatch.GetTimestamp();
        await command.ExecuteScalarAsync();
        return System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static async Task<Row> LongResultAsync(ServedProduct product, Route through)
    {
        await using var connection = await OpenAsync(Through(through, agent: 0));
        await using var command = new NpgsqlCommand(LongResult, connection);
        var (before, most, rows) = (product.ResidentBytes(), 0L, 0);
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                if (++rows % 10_000 == 0)
                {
                    most = Math.Max(most, product.ResidentBytes());
                }
            }
        }

        var grown = (most - before) / 1e6;
        return new Row(
            string.Create(CultureInfo.InvariantCulture, $"PostgreSQL, a result of {rows / 1e6:0} GB"),
            string.Create(CultureInfo.InvariantCulture, $"{grown:0} MB more resident"),
            "",
            "",
            "≤ 50 MB",
            grown <= 50);
    }

    private static async Task<Row> IdleAsync(ServedProduct product, Route through)
    {
        var before = product.ResidentBytes();
        var connections = new NpgsqlConnection[Idle];
        await Samples.TakeAsync(
            Idle,
            workers: 4,
            async (_, i) => connections[i] = await OpenAsync(Through(through, i % ServedProduct.Agents)));

        // A few sweeps, so that whatever a timer gives back has been given back.
        await Task.Delay(TimeSpan.FromSeconds(10));
        var grown = (product.ResidentBytes() - before) / 1e6;
        await Task.WhenAll(connections.Select(connection => connection.DisposeAsync().AsTask()));
        return new Row(
            string.Create(CultureInfo.InvariantCulture, $"PostgreSQL, {Idle:#,0} idle connections"),
            string.Create(CultureInfo.InvariantCulture, $"{grown:0} MB more resident"),
            "",
            "",
            "≤ 100 MB",
            grown <= 100);
    }

    private static string Through(Route route, int agent) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = route.Port,
        Username = string.Create(CultureInfo.InvariantCulture, $"bot-{agent}"),
        Password = ServedProduct.TokenOf(agent),
        Database = route.Database,
        SslMode = SslMode.Disable,
        Pooling = false,
        CommandTimeout = 300,
        Timeout = 60,
    }.ConnectionString;

    /// <summary>Npgsql's own questions about types stay away from what is measured.</summary>
    private static ValueTask<NpgsqlConnection> OpenAsync(string text) => new NpgsqlDataSourceBuilder(text)
        .ConfigureTypeLoading(static types => types.EnableTypeLoading(false))
        .Build()
        .OpenConnectionAsync();
}
