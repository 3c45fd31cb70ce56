using System.Collections.Immutable;
using System.Data;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Countersign.Gates.Postgres.Analysis.Catalog;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Statements;
using Npgsql;
using NpgsqlTypes;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>
/// Has the server resolve a statement and tell what it understood: as the body of a function that is made and rolled
/// back. Nothing of it runs but the input functions of constants.
/// </summary>
/// <remarks>
/// Made by the extended protocol, which takes one command: text that ends the body and goes on is refused by the
/// server's own grammar, however well it hides from any other.
/// </remarks>
internal static class Resolver
{
    private const int NameBytes = 8;

    private const string ReadTree = """
        SELECT prosqlbody::text FROM pg_catalog.pg_proc
         WHERE proname = $1 AND pronamespace = pg_catalog.pg_my_temp_schema()
        """;

    private const string Settings = """
        SELECT pg_catalog.set_config('search_path', $1, true), pg_catalog.set_config('datestyle', $2, true),
               pg_catalog.set_config('intervalstyle', $3, true), pg_catalog.set_config('timezone', $4, true),
               pg_catalog.set_config('row_security', $5, true), pg_catalog.set_config('statement_timeout', $6, true)
        """;

    /// <summary>
    /// Has the server make this session's temporary schema for good. If each analysis made it and rolled it back, each
    /// would throw away the plans of every question to the catalog, which costs more than all the rest.
    /// </summary>
    public static async Task MakeRoomAsync(NpgsqlConnection connection)
    {
        try
        {
            await using var batch = Room(connection);
            await batch.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (PostgresException)
        {
            // A standby, or a role without TEMP: the first analysis says so.
        }
    }

    /// <summary>The same for a connection that is opened synchronously, which this gate never does.</summary>
    public static void MakeRoom(NpgsqlConnection connection) => throw new NotSupportedException();

    /// <summary>The tree of a text that is one statement.</summary>
    /// <exception cref="PostgresException">The server refuses it; positions count from the function's text.</exception>
    public static async Task<string> TreeAsync(
        NpgsqlConnection connection, Body body, AnalyserOptions options, CancellationToken cancellationToken)
    {
        var name = RandomName();
        await using var batch = Begin(connection, body.Meaning, options);
        batch.BatchCommands.Add(new NpgsqlBatchCommand($"{body.Head(name)}{body.Text}\n; END"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(ReadTree)
        {
            Parameters = { new NpgsqlParameter { Value = name, NpgsqlDbType = NpgsqlDbType.Name } },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand("ROLLBACK"));
        return await ReadAsync(
            batch,
            async reader => await reader.ReadAsync(cancellationToken)
                ? reader.GetString(0)
                : throw new InvalidOperationException("The server made a function and does not know it."),
            cancellationToken);
    }

    /// <summary>What types the server gives to parameters that were sent without any.</summary>
    public static async Task<ImmutableArray<uint>> ParametersAsync(
        NpgsqlConnection connection, Body body, AnalyserOptions options, CancellationToken cancellationToken)
    {
        var name = RandomName();
        await using var batch = Begin(connection, body.Meaning, options);
        batch.BatchCommands.Add(new NpgsqlBatchCommand($"{body.PrepareHead(name)}{body.Text}"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            "SELECT parameter_types::oid[] FROM pg_catalog.pg_prepared_statements WHERE name = $1")
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = name, NpgsqlDbType = NpgsqlDbType.Text } },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand($"DEALLOCATE {name}"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("ROLLBACK"));
        return await ReadAsync<ImmutableArray<uint>>(
            batch,
            async reader => await reader.ReadAsync(cancellationToken)
                ? [.. reader.GetFieldValue<uint[]>(0)]
                : throw new InvalidOperationException("The server prepared a statement and does not know it."),
            cancellationToken);
    }

    /// <summary>The objects that a utility statement names, under the session's search path.</summary>
    public static async Task<ImmutableArray<NamedObject>> ObjectsAsync(
        NpgsqlConnection connection, CommandEffect utility, Meaning meaning, AnalyserOptions options,
        CancellationToken cancellationToken)
    {
        await using var batch = Begin(connection, meaning, options);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(NamedObject.Read)
        {
            Parameters =
            {
                Texts(utility.Objects.Select(NamedObject.CatalogOf)),
                Texts(utility.Objects.Select(NamedObject.TextOf)),
            },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand("ROLLBACK"));
        return await ReadAsync<ImmutableArray<NamedObject>>(
            batch,
            async reader => [.. await NamedObject.AllAsync(reader, utility.Objects, cancellationToken)],
            cancellationToken);

        static NpgsqlParameter<string[]> Texts(IEnumerable<string> texts) =>
            new() { TypedValue = [.. texts], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };
    }

    private static NpgsqlBatch Room(NpgsqlConnection connection) => new(connection)
    {
        BatchCommands =
        {
            new NpgsqlBatchCommand("CREATE TEMPORARY TABLE room ()"),
            new NpgsqlBatchCommand("DROP TABLE pg_temp.room"),
        },
    };

    private static NpgsqlBatch Begin(NpgsqlConnection connection, Meaning meaning, AnalyserOptions options)
    {
        var milliseconds = ((long)options.Patience.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        var settings = new NpgsqlBatchCommand(Settings);
        string[] values =
        [
            SearchPaths.WithoutUser(meaning.SearchPath), meaning.DateStyle, meaning.IntervalStyle, meaning.TimeZone,
            meaning.RowSecurity ? "on" : "off", milliseconds,
        ];
        foreach (var value in values)
        {
            settings.Parameters.Add(
                new NpgsqlParameter<string> { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Text });
        }

        var batch = new NpgsqlBatch(connection) { BatchCommands = { new NpgsqlBatchCommand("BEGIN"), settings } };
        if (options.Role is { } role)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(
                $"SET LOCAL ROLE \"{role.Replace("\"", "\"\"", StringComparison.Ordinal)}\""));
        }

        return batch;
    }

    /// <summary>Goes past the settings' row to the first row that was asked for.</summary>
    private static async Task<T> ReadAsync<T>(
        NpgsqlBatch batch, Func<NpgsqlDataReader, Task<T>> read, CancellationToken cancellationToken)
    {
        try
        {
            await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
            await reader.NextResultAsync(cancellationToken);
            return await read(reader);
        }
        catch (PostgresException)
        {
            // The transaction failed in the middle of the pipeline, and its ROLLBACK was skipped with the rest.
            if (batch.Connection is { State: ConnectionState.Open } connection)
            {
                await using var rollback = new NpgsqlCommand("ROLLBACK", connection);
                await rollback.ExecuteNonQueryAsync(CancellationToken.None);
            }

            throw;
        }
    }

    private static string RandomName() => $"cs_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(NameBytes))}";

    /// <summary>A statement's text, or several in a function's body.</summary>
    /// <param name="Text">As it was written.</param>
    /// <param name="Arguments">Its parameters' types, or names and types, as SQL takes them.</param>
    /// <param name="Meaning">The settings under which it is resolved.</param>
    internal sealed record Body(string Text, string Arguments, Meaning Meaning)
    {
        public int HeadLength => Head(RandomName()).Length;

        public int PrepareLength => PrepareHead(RandomName()).Length;

        public string Head(string name) =>
            $"CREATE FUNCTION pg_temp.{name}({Arguments}) RETURNS void LANGUAGE sql BEGIN ATOMIC\n";

        public string PrepareHead(string name) =>
            Arguments.Length == 0 ? $"PREPARE {name} AS\n" : $"PREPARE {name}({Arguments}) AS\n";
    }
}

/// <summary>Reads <c>search_path</c> as the server splits it.</summary>
internal static class SearchPaths
{
    /// <summary>
    /// <c>"$user"</c> would mean the resolver's name here. Roles that sessions use are made for them and have no
    /// schema.
    /// </summary>
    public static string WithoutUser(string path) =>
        string.Join(", ", Elements(path).Where(element => element is not ("\"$user\"" or "$user")));

    private static IEnumerable<string> Elements(string path)
    {
        var element = new StringBuilder();
        var isQuoted = false;
        foreach (var c in path)
        {
            isQuoted ^= c == '"';
            if (c == ',' && !isQuoted)
            {
                yield return element.ToString().Trim();
                element.Clear();
                continue;
            }

            element.Append(c);
        }

        yield return element.ToString().Trim();
    }
}
