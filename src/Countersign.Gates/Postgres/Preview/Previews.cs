using System.Text;
using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Statements;
using Npgsql;

namespace Countersign.Gates.Postgres.Preview;

/// <summary>
/// Finds out what a statement would do, over a connection that can change nothing: a transaction that only reads, in a
/// role that may only read, for a short time.
/// <list type="number">
/// <item>What it does to which relation is known already; it is said in words.</item>
/// <item>The rows that an UPDATE, DELETE or TRUNCATE would find, or an INSERT would add, are counted if that is cheap,
/// and estimated otherwise.</item>
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
        var said = Said(statement.Effects) with
        {
            Statement = await WrittenAsync(statement, cancellationToken),
            Parameters = [.. statement.Parameters.Select(Shown)],
        };
        if (WhyUncounted(statement) is { } why)
        {
            return said with { Cascades = null, Error = why };
        }

        if (statement.Effects.IsReadOnly)
        {
            return said;
        }

        try
        {
            return await CountAsync(said, statement, meaning, cancellationToken);
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
        {
            return said with { Cascades = null, Error = $"Its rows could not be counted: {failure.Message}" };
        }
    }

    private static string? WhyUncounted(RunnableStatement statement) => statement.Effects switch
    {
        { Opaque: { } why } => $"Nobody knows what it does: {why}",
        { Impure: { } code } => $"Its rows were not counted, because it {code}.",
        _ when statement.Parameters.FirstOrDefault(IsBytes) is { Value: not null } bytes =>
            "Its rows were not counted, because a parameter of type " +
            $"{PostgresType.NameOf(bytes.Type)} came in a form that is not read here.",
        _ => null,
    };

    private static bool IsBytes(Parameter parameter) => parameter.Value.Bytes.Span[0] == (byte)'{';

    /// <summary>
    /// In one form, without comments, as PostgreSQL's grammar writes it; <c>null</c> where that is not certain to mean
    /// the same. What it executes by name stands behind it as a comment, so that is left as it came.
    /// </summary>
    private async Task<string?> WrittenAsync(RunnableStatement statement, CancellationToken cancellationToken)
    {
        if (statement.Reading is not Reading.Of || !statement.Executes.IsEmpty)
        {
            return null;
        }

        var written = await options.Write(Encoding.UTF8.GetBytes(statement.Text), cancellationToken);
        return Encoding.UTF8.GetString(written.Span);
    }

    private static string Shown(Parameter parameter, int i)
    {
        using var json = JsonDocument.Parse(parameter.Value.Bytes);
        var value = json.RootElement.ValueKind switch
        {
            JsonValueKind.Null => "NULL",
            JsonValueKind.String => $"'{json.RootElement.GetString()}'",
            _ => $"bytes {json.RootElement.GetProperty("binary").GetString()}",
        };
        return $"${i + 1} = {value} ({PostgresType.NameOf(parameter.Type)})";
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

    private async Task<Core.Actions.Preview> CountAsync(
        Core.Actions.Preview said, RunnableStatement statement, Meaning meaning, CancellationToken cancellationToken)
    {
        // 2.
        if (Matching.In(statement.Text, options.Limits) is { } matching)
        {
            await using var counter = await Counter.OpenAsync(options, statement, meaning, cancellationToken);
            return await CountAsync(said, statement, matching, counter, cancellationToken);
        }

        if (Inserting.In(statement.Text, options.Limits) is { } inserting)
        {
            if (inserting.Rows is { } rows)
            {
                return With(said, rows, isExact: !inserting.MayBeFewer);
            }

            await using var counter = await Counter.OpenAsync(options, statement, meaning, cancellationToken);
            var (found, isExact) = await counter.CountAsync(inserting.Query, cancellationToken);
            return With(said, found, isExact && !inserting.MayBeFewer);
        }

        if (statement.Reading is Reading.Of { Statements: [{ Form: Parsed.Command { Effect.Verb: "TRUNCATE" } }] })
        {
            await using var counter = await Counter.OpenAsync(options, statement, meaning, cancellationToken);
            return await EmptyAsync(said, statement, counter, cancellationToken);
        }

        return said;
    }

    private static Core.Actions.Preview With(Core.Actions.Preview said, long rows, bool isExact) => said with
    {
        Summary = $"{said.Summary}: {(isExact ? "" : "about ")}{rows} rows",
        Rows = rows,
        Exact = isExact,
    };

    /// <summary>Every row of the relations that it names, and of those that go along.</summary>
    private static async Task<Core.Actions.Preview> EmptyAsync(
        Core.Actions.Preview said, RunnableStatement statement, Counter counter, CancellationToken cancellationToken)
    {
        var (all, isExact) = (0L, true);
        var places = new List<string>();
        foreach (var relation in await Emptied.ByAsync(statement.Effects, counter.Connection, cancellationToken))
        {
            var (rows, isCounted) = await counter.CountAsync(
                $"SELECT count(*) FROM ONLY {relation.Sql}", cancellationToken);
            (all, isExact) = (all + rows, isExact && isCounted);
            places.Add($"empties {relation.Text}: {(isCounted ? "" : "about ")}{rows} rows");
        }

        return With(said, all, isExact) with { Effects = [.. said.Effects, .. places] };
    }

    private static async Task<Core.Actions.Preview> CountAsync(
        Core.Actions.Preview said,
        RunnableStatement statement,
        Matching matching,
        Counter counter,
        CancellationToken cancellationToken)
    {
        var (rows, exact) = await counter.CountAsync(matching.Count, cancellationToken);
        var preview = With(said, rows, exact);
        if (!statement.Effects.Verbs.Contains("DELETE") || TargetOf(statement.Effects) is not { } target)
        {
            return preview;
        }

        // 3.
        var cascades = new List<Cascade>();
        await FollowAsync(
            target, columns => matching.Select(columns), depth: 1, cascades, counter, cancellationToken);
        return preview with { Cascades = [.. cascades] };
    }

    private static async Task FollowAsync(
        uint relation,
        Func<IEnumerable<string>, string> rowsThatGo,
        int depth,
        List<Cascade> cascades,
        Counter counter,
        CancellationToken cancellationToken)
    {
        foreach (var key in await ForeignKeys.ToAsync(relation, counter.Connection, cancellationToken))
        {
            if (cascades.Count >= MaxCascades)
            {
                return;
            }

            var from = $"FROM {key.Relation.Sql} WHERE ({string.Join(", ", key.Columns)}) " +
                $"IN ({rowsThatGo(key.Referenced)})";
            var (rows, _) = await counter.CountAsync($"SELECT count(*) {from}", cancellationToken);
            cascades.Add(new Cascade(key.Relation.Text, rows));
            if (key.Deletes && rows > 0 && depth < MaxDepth)
            {
                await FollowAsync(
                    key.Oid,
                    columns => $"SELECT {string.Join(", ", columns)} {from}",
                    depth + 1,
                    cascades,
                    counter,
                    cancellationToken);
            }
        }
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
    /// <summary>Writes a text in one form, or leaves it as it is.</summary>
    public required Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> Write { get; init; }

    /// <summary>A role that may only read; <c>null</c> leaves the connection's own.</summary>
    public string? Role { get; init; }

    /// <summary>Cost by the planner up to which rows are counted; about a second of reading.</summary>
    public double MostCost { get; init; } = 200_000;

    /// <summary>How long a count may take.</summary>
    public TimeSpan CountTime { get; init; } = TimeSpan.FromSeconds(2);
}
