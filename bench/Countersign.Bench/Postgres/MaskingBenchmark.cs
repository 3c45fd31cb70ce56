using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Countersign.Bench.Postgres;

/// <summary>
/// A wide result through the gate, masked by a rule about one of its columns and by detectors in all of them, beside
/// the same result of a target that masks nothing. Both take turns.
/// </summary>
internal static class MaskingBenchmark
{
    private const int Rounds = 7;
    private const int Texts = 19;
    private const int Thousands = 100;
    private const double Budget = 0.7;

    public static async Task<IReadOnlyList<Row>> RunAsync(Bench bench)
    {
        await using var cluster = await Cluster.StartAsync();
        await FillAsync(cluster);
        var port = Cluster.FreePort();
        await using var product = await ServedProduct.StartAsync(
            bench,
            $$"""
              plain: {{TargetOf(cluster, "")}}
              masked: {{TargetOf(cluster, ", mask: [ { column: public.wide.t5, as: redact } ]")}}
              hashed: {{TargetOf(cluster, ", mask: [ { column: public.wide.t5, as: partial } ]")}}
              searched: {{TargetOf(cluster, ", redact: { response: [email, card, us-ssn], as: redact }")}}
            """,
            string.Create(CultureInfo.InvariantCulture, $$"""postgres: { listen: 127.0.0.1:{{port}} }"""));
        return
        [
            await RowAsync(port, "masked", "one column masked", Budget),
            await RowAsync(port, "hashed", "one column shown in part", budget: null),
            await RowAsync(port, "searched", "e-mail, card and SSN looked for in all", budget: null),
        ];
    }

    private static string TargetOf(Cluster cluster, string more)
    {
        var upstream = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{cluster.Port}/{Cluster.Superuser}");
        var admin = $"postgresql://{Cluster.Superuser}@{upstream}";
        var credentials = $$"""{ admin: "{{admin}}", grants: [{{Cluster.Reader}}] }""";
        return $$"""{ gate: postgres, environment: bench, record: with, upstream: "postgresql://{{upstream}}", """
            + $$"""credentials: {{credentials}}{{more}} }""";
    }

    private static async Task FillAsync(Cluster cluster)
    {
        var columns = string.Join(", ", Enumerable.Range(1, Texts).Select(
            n => string.Create(CultureInfo.InvariantCulture, $"'value ' || n || ' of column {n}' AS t{n}")));
        await using var source = NpgsqlDataSource.Create(Cluster.Direct(cluster.Port));
        await using var create = source.CreateCommand(string.Create(
            CultureInfo.InvariantCulture,
            $"""
            CREATE TABLE wide AS SELECT n AS id, {columns} FROM generate_series(1, {Thousands * 1000}) AS n;
            GRANT SELECT ON wide TO {Cluster.Reader};
            ANALYZE wide
            """));
        await create.ExecuteNonQueryAsync();
    }

    private static async Task<Row> RowAsync(int port, string target, string what, double? budget)
    {
        await using var plain = await OpenAsync(port, "plain");
        await using var masked = await OpenAsync(port, target);
        await SecondsAsync(plain);
        await SecondsAsync(masked);
        var rounds = new (double Plain, double Masked)[Rounds];
        for (var i = 0; i < Rounds; i++)
        {
            rounds[i] = (await SecondsAsync(plain), await SecondsAsync(masked));
        }

        var ratio = Pgbench.Median(rounds.Select(round => round.Plain / round.Masked));
        var rows = Thousands * 1000.0;
        return new Row(
            $"PostgreSQL, {Texts + 1} columns, {what}",
            $"{Samples.Rate(rows / Pgbench.Median(rounds.Select(round => round.Masked)))} rows",
            $"unmasked {Samples.Rate(rows / Pgbench.Median(rounds.Select(round => round.Plain)))} rows",
            Samples.Times(ratio),
            budget is { } least ? string.Create(CultureInfo.InvariantCulture, $"≥ {least:0.0} ×") : "",
            budget is null ? null : ratio >= budget);
    }

    /// <summary>The rows are read over and not looked at.</summary>
    private static async Task<double> SecondsAsync(NpgsqlConnection connection)
    {
        var start = Stopwatch.GetTimestamp();
        await using var command = new NpgsqlCommand("SELECT * FROM wide", connection);
        await using var reader = await command.ExecuteReaderAsync(System.Data.CommandBehavior.SequentialAccess);
        while (await reader.ReadAsync())
        {
            // The next one.
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static ValueTask<NpgsqlConnection> OpenAsync(int port, string target) =>
        new NpgsqlDataSourceBuilder(new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = port,
            Username = "bot-0",
            Password = ServedProduct.TokenOf(0),
            Database = target,
            SslMode = SslMode.Disable,
            Pooling = false,
            CommandTimeout = 300,
        }.ConnectionString)
            .ConfigureTypeLoading(static types => types.EnableTypeLoading(false))
            .Build()
            .OpenConnectionAsync();
}
