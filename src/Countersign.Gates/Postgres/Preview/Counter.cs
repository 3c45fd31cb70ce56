using System.Text.Json;
using Countersign.Gates.Postgres.Statements;
using Npgsql;
using NpgsqlTypes;

namespace Countersign.Gates.Postgres.Preview;

/// <summary>
/// Counts rows for one preview, under the session's settings and with the statement's parameters, in a transaction that
/// can change nothing.
/// </summary>
internal sealed class Counter : IAsyncDisposable
{
    private readonly PreviewOptions _options;
    private readonly RunnableStatement _statement;

    private Counter(PreviewOptions options, RunnableStatement statement, NpgsqlConnection connection) =>
        (_options, _statement, Connection) = (options, statement, connection);

    public NpgsqlConnection Connection { get; }

    /// <summary>A transaction that only reads is no wall by itself; the role is.</summary>
    public static async Task<Counter> OpenAsync(
        PreviewOptions options, RunnableStatement statement, Meaning meaning, CancellationToken cancellationToken)
    {
        var connection = await options.Source.OpenLiveAsync(cancellationToken);
        try
        {
            await using var begin = new NpgsqlBatch(connection);
            begin.BatchCommands.Add(new NpgsqlBatchCommand("BEGIN READ ONLY"));
            Set("statement_timeout", ((long)options.CountTime.TotalMilliseconds).ToString());
            Set("search_path", meaning.SearchPath);
            Set("DateStyle", meaning.DateStyle);
            Set("IntervalStyle", meaning.IntervalStyle);
            Set("TimeZone", meaning.TimeZone);
            // Estimates are read out of plans, and a plan with workers tells the rows of one of them.
            Set("max_parallel_workers_per_gather", "0");
            if (options.Role is { } role)
            {
                begin.BatchCommands.Add(new NpgsqlBatchCommand($"SET LOCAL ROLE {RelationName.Quoted(role)}"));
            }

            await begin.ExecuteNonQueryAsync(cancellationToken);
            return new Counter(options, statement, connection);

            void Set(string name, string value)
            {
                var set = new NpgsqlBatchCommand("SELECT pg_catalog.set_config($1, $2, true)");
                set.Parameters.Add(new NpgsqlParameter { Value = name });
                set.Parameters.Add(new NpgsqlParameter { Value = value });
                begin.BatchCommands.Add(set);
            }
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Counted when the planner thinks that it is cheap, and the planner's own number otherwise.</summary>
    /// <param name="count">A query of one number, in terms of the statement's parameters.</param>
    /// <param name="cancellationToken">Stops counting.</param>
    public async Task<(long Rows, bool Exact)> CountAsync(string count, CancellationToken cancellationToken)
    {
        var (cost, estimate) = await EstimateAsync(count, cancellationToken);
        if (cost > _options.MostCost)
        {
            return (estimate, false);
        }

        await using var query = CommandOf(count);
        return ((long)(await query.ExecuteScalarAsync(cancellationToken))!, true);
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();

    private async Task<(double Cost, long Rows)> EstimateAsync(string count, CancellationToken cancellationToken)
    {
        await using var explain = CommandOf($"EXPLAIN (FORMAT JSON) {count}");
        using var plan = JsonDocument.Parse((string)(await explain.ExecuteScalarAsync(cancellationToken))!);
        var top = plan.RootElement[0].GetProperty("Plan");
        var counted = top.TryGetProperty("Plans", out var inner) ? inner[0] : top;
        return (top.GetProperty("Total Cost").GetDouble(), counted.GetProperty("Plan Rows").GetInt64());
    }

    /// <summary>Values go as texts of no type, which the server reads as it would have read the client's.</summary>
    private NpgsqlCommand CommandOf(string text)
    {
        var command = new NpgsqlCommand(text, Connection);
        foreach (var parameter in _statement.Parameters)
        {
            using var json = JsonDocument.Parse(parameter.Value.Bytes);
            command.Parameters.Add(new NpgsqlParameter
            {
                Value = json.RootElement.ValueKind == JsonValueKind.String
                    ? json.RootElement.GetString()!
                    : DBNull.Value,
                NpgsqlDbType = NpgsqlDbType.Unknown,
            });
        }

        return command;
    }
}
