using System.Globalization;

namespace Countersign.Bench.Postgres;

/// <summary>One way to the same database.</summary>
internal sealed record Route(int Port, string User, string Database);

/// <summary>How <c>pgbench -S</c> asks.</summary>
internal sealed record Load(string Protocol, int Clients);

/// <summary>
/// <c>pgbench -S</c> over several routes. They take turns, because what else the machine does changes by the second:
/// only runs that follow one another are compared.
/// </summary>
internal static class Pgbench
{
    private const int Rounds = 5;
    private const int Seconds = 2;

    /// <summary>Transactions per second: a row for each round, a column for each route.</summary>
    public static async Task<double[][]> RatesAsync(Load load, params Route[] routes)
    {
        var rounds = new double[Rounds][];
        for (var round = 0; round < Rounds; round++)
        {
            rounds[round] = new double[routes.Length];
            for (var i = 0; i < routes.Length; i++)
            {
                rounds[round][i] = Number(await RunAsync(load, routes[i]), "tps = ");
            }
        }

        return rounds;
    }

    /// <summary>Microseconds of half of the transactions at one client, likewise.</summary>
    public static async Task<double[][]> LatenciesAsync(string protocol, params Route[] routes)
    {
        var rounds = new double[Rounds][];
        for (var round = 0; round < Rounds; round++)
        {
            rounds[round] = new double[routes.Length];
            for (var i = 0; i < routes.Length; i++)
            {
                rounds[round][i] = await LatencyAsync(new Load(protocol, Clients: 1), routes[i]);
            }
        }

        return rounds;
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static async Task<double> LatencyAsync(Load load, Route route)
    {
        var folder = Directory.CreateTempSubdirectory("countersign-bench-pgbench-");
        await RunAsync(load, route, "-l", "--log-prefix", Path.Combine(folder.FullName, "log"));
        var lines = folder.EnumerateFiles().SelectMany(file => File.ReadLines(file.FullName));
        // A line is: client, transaction, microseconds, …
        var median = Median(lines.Select(line => double.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture)));
        folder.Delete(recursive: true);
        return median;
    }

    private static Task<string> RunAsync(Load load, Route route, params string[] more) => Cluster.RunAsync(
    [
        Cluster.Binary("pgbench"), "-S", "-n", "-M", load.Protocol, "-c", Text(load.Clients), "-T", Text(Seconds),
        "-h", "127.0.0.1", "-p", Text(route.Port), "-U", route.User, .. more, route.Database,
    ]);

    private static double Number(string output, string behind)
    {
        var rest = output[(output.IndexOf(behind, StringComparison.Ordinal) + behind.Length)..];
        return double.Parse(rest[..rest.IndexOf(' ', StringComparison.Ordinal)], CultureInfo.InvariantCulture);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
