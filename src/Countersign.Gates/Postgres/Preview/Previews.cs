using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Gates.Postgres.Statements;
using Npgsql;
using NpgsqlTypes;

namespace Countersign.Gates.Postgres.Preview;

/// <summary>
/// Finds out what a statement would do, over a connection that can change nothing: a transaction that only reads, in a
/// role that may only read, for a short time.
/// <list type="number">
/// <item>What it does to which relation is known already; it is said in words.</item>
/// <item>The rows that an UPDATE or DELETE would find are counted if that is cheap, and estimated otherwise.</item>
/// <item>So are the rows that foreign keys take along.</item>
/// </list>
/// Functions of users are not called for a preview: of a statement that calls some, nothing is counted.
/// </summary>
internal sealed class Previews(PreviewOptions options)
{
    /// <summary>Foreign keys after foreign keys; deeper ones are named and not counted.</summary>
    private const int MaxDepth = 4;

    private const int MaxCascades = 50;

    public ActionPreviewer Find(RunnableStatement statement, Meaning meaning) =>
        (_, cancellationToken) => MakeAsync(statement, meaning, cancellationToken);

    private async Task<Core.Actions.Preview> MakeAsync(
        RunnableStatement statement, Meaning meaning, CancellationToken cancellationToken)
    {
        // 1.
        var said = Said(statement.Effects);
        if (statement.Effects.Opaque is { } why)
        {
            return said with { Cascades = null, Error = $"Nobody knows what it does: {why}" };
        }

        if (statement.Effects.Impure is { } code)
        {
            return said with { Cascades = null, Error = $"Its rows were not counted, because it {code}." };
        }

        if (statement.Effects.IsReadOnly || Matching.In(statement.Text, options.Limits) is not { } matching)
        {
            return said;
        }

        try
        {
            await using var connection = await OpenAsync(meaning, cancellationToken);
            return await CountAsync(said, statement, matching, connection, cancellationToken);
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
        {
            return said with { Cascades = null, Error = $"Its rows could not be counted: {failure.Message}" };
        }
    }

    private static Core.Actions.Preview Said(Effects effects) => new(Summary(effects))
    {
        Locks = [.. effects.Locks],
        Effects = [.. EffectsOf(effects)],
        Reversible = effects.IsReadOnly ? true : effects.Opaque is null ? false : null,
    };

    private static string Summary(Effects effects)
    {
        var verbs = string.Join(", ", effects.Verbs);
        var places = effects.Writes.IsEmpty ? effects.Reads : effects.Writes;
        return effects.Opaque is not null
            ? "A statement that was not understood"
            : places.IsEmpty ? verbs : $"{verbs} on {string.Join(", ", places)}";
    }

    private static IEnumerable<string> EffectsOf(Effects effects)
    {
        foreach (var relation in effects.Writes)
        {
            yield return $"changes {relation}";
        }

        foreach (var function in effects.Functions)
        {
            yield return $"calls {function}";
        }

        if (effects.NoWhere)
        {
            yield return "has no condition: it concerns every row";
        }

        if (effects.DeferredCode)
        {
            yield return "leaves code that runs later";
        }
    }

    /// <summary>A transaction that only reads is no wall by itself; the role is.</summary>
    private async Task<NpgsqlConnection> OpenAsync(Meaning meaning, CancellationToken cancellationToken)
    {
        var connection = await options.Source.OpenConnectionAsync(cancellationToken);
        try
        {
            await using var begin = new NpgsqlBatch(connection);
            begin.BatchCommands.Add(new NpgsqlBatchCommand("BEGIN READ ONLY"));
            Set("statement_timeout", ((long)options.CountTime.TotalMilliseconds).ToString());
            Set("search_path", meaning.SearchPath);
            Set("DateStyle", meaning.DateStyle);
            Set("IntervalStyle", meaning.IntervalStyle);
            Set("TimeZone", meaning.TimeZone);
            if (options.Role is { } role)
            {
                begin.BatchCommands.Add(new NpgsqlBatchCommand($"SET LOCAL ROLE {RelationName.Quoted(role)}"));
            }

            await begin.ExecuteNonQueryAsync(cancellationToken);
            return connection;

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

    private async Task<Core.Actions.Preview> CountAsync(
        Core.Actions.Preview said,
        RunnableStatement statement,
        Matching matching,
        NpgsqlConnection connection,
        CancellationToken cancellationToken)
    {
        // 2.
        var (rows, exact) = await CountAsync(matching.Count, statement, connection, cancellationToken);
        var preview = said with
        {
            Summary = $"{said.Summary}: {(exact ? "" : "about ")}{rows} rows",
            Rows = rows,
            Exact = exact,
        };
        if (!statement.Effects.Verbs.Contains("DELETE") || TargetOf(statement.Effects) is not { } target)
        {
            return preview;
        }

        // 3.
        var cascades = new List<Cascade>();
        await FollowAsync(
            target, columns => matching.Select(columns), depth: 1, statement, cascades, connection, cancellationToken);
        return preview with { Cascades = [.. cascades] };
    }

    private async Task FollowAsync(
        uint relation,
        Func<IEnumerable<string>, string> rowsThatGo,
        int depth,
        RunnableStatement statement,
        List<Cascade> cascades,
        NpgsqlConnection connection,
        CancellationToken cancellationToken)
    {
        foreach (var key in await ForeignKeys.ToAsync(relation, connection, cancellationToken))
        {
            if (cascades.Count >= MaxCascades)
            {
                return;
            }

            var from = $"FROM {key.Relation.Sql} WHERE ({string.Join(", ", key.Columns)}) " +
                $"IN ({rowsThatGo(key.Referenced)})";
            var (rows, _) = await CountAsync($"SELECT count(*) {from}", statement, connection, cancellationToken);
            cascades.Add(new Cascade(key.Relation.Text, rows));
            if (key.Deletes && rows > 0 && depth < MaxDepth)
            {
                await FollowAsync(
                    key.Oid,
                    columns => $"SELECT {string.Join(", ", columns)} {from}",
                    depth + 1,
                    statement,
                    cascades,
                    connection,
                    cancellationToken);
            }
        }
    }

    /// <summary>Counted when the planner thinks that it is cheap, and the planner's own number otherwise.</summary>
    private async Task<(long Rows, bool Exact)> CountAsync(
        string count, RunnableStatement statement, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var (cost, estimate) = await EstimateAsync(count, statement, connection, cancellationToken);
        if (cost > options.MostCost)
        {
            return (estimate, false);
        }

        await using var query = CommandOf(count, statement, connection);
        return ((long)(await query.ExecuteScalarAsync(cancellationToken))!, true);
    }

    private static async Task<(double Cost, long Rows)> EstimateAsync(
        string count, RunnableStatement statement, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var explain = CommandOf($"EXPLAIN (FORMAT JSON) {count}", statement, connection);
        using var plan = JsonDocument.Parse((string)(await explain.ExecuteScalarAsync(cancellationToken))!);
        var top = plan.RootElement[0].GetProperty("Plan");
        var counted = top.TryGetProperty("Plans", out var inner) ? inner[0] : top;
        return (top.GetProperty("Total Cost").GetDouble(), counted.GetProperty("Plan Rows").GetInt64());
    }

    /// <summary>Values go as texts of no type, which the server reads as it would have read the client's.</summary>
    private static NpgsqlCommand CommandOf(string text, RunnableStatement statement, NpgsqlConnection connection)
    {
        var command = new NpgsqlCommand(text, connection);
        foreach (var parameter in statement.Parameters)
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

    /// <summary>The one relation that rows are deleted from by the statement itself.</summary>
    private static uint? TargetOf(Effects effects) =>
        effects.Rights.Where(use => use.Rights.HasFlag(RelationRights.Delete)).Select(use => use.Oid).ToList()
            is [var only] ? only : null;
}

/// <summary>Over what, and how far, previews look.</summary>
/// <param name="Source">Connections of the gate's own.</param>
/// <param name="Limits">How much text is taken.</param>
internal sealed record PreviewOptions(NpgsqlDataSource Source, PostgresLimits Limits)
{
    /// <summary>A role that may only read; <c>null</c> leaves the connection's own.</summary>
    public string? Role { get; init; }

    /// <summary>Cost by the planner up to which rows are counted; about a second of reading.</summary>
    public double MostCost { get; init; } = 200_000;

    /// <summary>How long a count may take.</summary>
    public TimeSpan CountTime { get; init; } = TimeSpan.FromSeconds(2);
}
