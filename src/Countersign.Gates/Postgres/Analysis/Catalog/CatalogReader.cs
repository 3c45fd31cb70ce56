using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace Countersign.Gates.Postgres.Analysis.Catalog;

/// <summary>Asks the catalog for what an analysis misses: everything in one round trip.</summary>
internal static class CatalogReader
{
    public static async Task<BuiltIns> ReadBuiltInsAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(CatalogQueries.BuiltInFunctions));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(CatalogQueries.BuiltInTypes));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var functions = new Dictionary<uint, BuiltInFunction>();
        while (await reader.ReadAsync(cancellationToken))
        {
            functions.Add(
                reader.GetFieldValue<uint>(0), new(reader.GetString(1), reader.GetChar(2), reader.GetString(3)));
        }

        await reader.NextResultAsync(cancellationToken);
        return new BuiltIns(connection.PostgreSqlVersion.Major)
        {
            Functions = functions.ToFrozenDictionary(),
            Types = (await NamesAsync(reader, cancellationToken)).ToFrozenDictionary(),
        };
    }

    /// <summary>Names of types as SQL takes them.</summary>
    public static async Task<Dictionary<uint, string>> ReadTypeNamesAsync(
        NpgsqlConnection connection, IEnumerable<uint> types, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(Query(CatalogQueries.TypeNames, types));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        return await NamesAsync(reader, cancellationToken);
    }

    /// <summary>Types that somebody made and whose values are plain texts on the wire.</summary>
    public static async Task<FrozenSet<uint>> ReadTextTypesAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(CatalogQueries.TextTypes));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var types = new List<uint>();
        while (await reader.ReadAsync(cancellationToken))
        {
            types.Add(reader.GetFieldValue<uint>(0));
        }

        return types.ToFrozenSet();
    }

    /// <summary>Adds what was missing and is there; bodies of functions are not the catalog's to tell.</summary>
    public static async Task ReadAsync(
        NpgsqlConnection connection, MissingFacts missing, CatalogFacts facts, CancellationToken cancellationToken)
    {
        var readings = Readings(missing, facts).Where(reading => reading.Oids.Count > 0).ToList();
        if (readings.Count == 0)
        {
            return;
        }

        await using var batch = new NpgsqlBatch(connection);
        foreach (var reading in readings)
        {
            batch.BatchCommands.Add(Query(reading.Sql, reading.Oids));
        }

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        foreach (var reading in readings)
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                reading.Take(reader);
            }

            await reader.NextResultAsync(cancellationToken);
        }
    }

    private static NpgsqlBatchCommand Query(string sql, IEnumerable<uint> oids) => new(sql)
    {
        Parameters =
        {
            new NpgsqlParameter<uint[]>
            {
                TypedValue = [.. oids], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Oid,
            },
        },
    };

    private static async Task<Dictionary<uint, string>> NamesAsync(
        NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        var names = new Dictionary<uint, string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            names.Add(reader.GetFieldValue<uint>(0), reader.GetString(1));
        }

        return names;
    }

    private static IEnumerable<Reading> Readings(MissingFacts missing, CatalogFacts facts) =>
    [
        new(missing.Relations, CatalogQueries.Relations, row => AddRelation(facts, row)),
        new(missing.Relations, CatalogQueries.Rules, row => AddRule(facts, row)),
        new(missing.Relations, CatalogQueries.Policies, row => AddPolicy(facts, row)),
        new(missing.Relations, CatalogQueries.Descendants, row => AddDescendant(facts, row)),
        new(missing.Relations, CatalogQueries.Ancestors, row => AddAncestor(facts, row)),
        new(missing.Relations, CatalogQueries.PartitionKeys, row => AddPartitionKey(facts, row)),
        new(missing.Relations, CatalogQueries.Generated, row => AddGenerated(facts, row)),
        .. WriteRows.Readings(missing, facts),
        new(missing.Functions, CatalogQueries.Functions, row => AddFunction(facts, row)),
        new(missing.Types, CatalogQueries.Types, row => AddType(facts, row)),
        new(missing.Operators, CatalogQueries.Operators, row => AddOperator(facts, row)),
    ];

    private static void AddRelation(CatalogFacts facts, NpgsqlDataReader row)
    {
        var numbers = row.GetFieldValue<short[]>(5);
        var names = row.GetFieldValue<string[]>(6);
        var relation = new RelationFacts(
            row.GetFieldValue<uint>(0), row.GetString(1), row.GetString(2), row.GetChar(3))
        {
            IsSecurityInvoker = row.GetFieldValue<string[]>(4).Any(IsSecurityInvoker),
            Columns = numbers.Zip(names).ToImmutableSortedDictionary(pair => pair.First, pair => pair.Second),
            Types = numbers.Zip(row.GetFieldValue<uint[]>(8))
                .ToImmutableDictionary(pair => pair.First, pair => pair.Second),
            Definition = $"{row.GetString(1)}.{row.GetString(2)} {row.GetChar(3)} {row.GetString(7)}",
        };
        if (relation.IsBuiltIn)
        {
            facts.BuiltIns.Relations[relation.Oid] = relation;
        }
        else
        {
            facts.Relations[relation.Oid] = relation;
        }
    }

    private static bool IsSecurityInvoker(string option) =>
        option.Split('=') is ["security_invoker", var value] && value is "true" or "on" or "yes" or "1";

    private static void AddRule(CatalogFacts facts, NpgsqlDataReader row) =>
        Change(facts, row, relation => relation with
        {
            Rules = relation.Rules.Add(new RuleFacts(
                row.GetString(1), row.GetChar(2), row.GetBoolean(3), row.GetString(4), row.GetString(5))),
            Definition = $"{relation.Definition}\n{row.GetString(1)} {row.GetChar(2)} {row.GetBoolean(3)} "
                + $"{row.GetString(4)} {row.GetString(5)}",
        });

    private static void AddPolicy(CatalogFacts facts, NpgsqlDataReader row) =>
        Change(facts, row, relation => relation with
        {
            Policies = relation.Policies.Add(row.GetString(1)).Add(row.GetString(2)),
            Definition = $"{relation.Definition}\n{row.GetString(3)} {row.GetString(1)} {row.GetString(2)}",
        });

    private static void AddDescendant(CatalogFacts facts, NpgsqlDataReader row) =>
        Change(facts, row, relation => relation with
        {
            Descendants = relation.Descendants.Add(row.GetFieldValue<uint>(1)),
            Definition = $"{relation.Definition}\n{row.GetFieldValue<uint>(1)}",
        });

    private static void AddAncestor(CatalogFacts facts, NpgsqlDataReader row) =>
        Change(facts, row, relation => relation with
        {
            Ancestors = relation.Ancestors.Add(row.GetFieldValue<uint>(1)),
            Definition = $"{relation.Definition}\nof {row.GetFieldValue<uint>(1)}",
        });

    private static void AddPartitionKey(CatalogFacts facts, NpgsqlDataReader row) =>
        Change(facts, row, relation => relation with
        {
            PartitionKey = [.. row.GetFieldValue<short[]>(1)],
            Definition = $"{relation.Definition}\nby {string.Join(' ', row.GetFieldValue<short[]>(1))}",
        });

    private static void AddGenerated(CatalogFacts facts, NpgsqlDataReader row) =>
        Change(facts, row, relation => relation with
        {
            Generated = relation.Generated.Add(row.GetInt16(1), row.GetString(2)),
            Definition = $"{relation.Definition}\n{row.GetInt16(1)} {row.GetString(2)}",
        });

    // Built-in relations have none of this, and one that vanished between two queries stays missing.
    private static void Change(CatalogFacts facts, NpgsqlDataReader row, Func<RelationFacts, RelationFacts> change)
    {
        if (facts.Relations.TryGetValue(row.GetFieldValue<uint>(0), out var relation))
        {
            facts.Relations[relation.Oid] = change(relation);
        }
    }

    private static void AddFunction(CatalogFacts facts, NpgsqlDataReader row)
    {
        const string searchPath = "search_path=";
        var function = new FunctionFacts(
            row.GetFieldValue<uint>(0), row.GetString(1), row.GetString(2), row.GetString(3))
        {
            Volatility = row.GetChar(4),
            IsSecurityDefiner = row.GetBoolean(5),
            Tree = row.IsDBNull(6) ? null : row.GetString(6),
            Source = row.GetString(7),
            Arguments = row.GetString(8),
            SearchPath = Array.Find(
                row.GetFieldValue<string[]>(9),
                setting => setting.StartsWith(searchPath, StringComparison.Ordinal))?[searchPath.Length..],
            Extension = row.IsDBNull(10) ? null : row.GetString(10),
            Supports = Oids(row, 11),
            IsAggregate = row.GetBoolean(12),
            Definition = string.Create(
                CultureInfo.InvariantCulture, $"{row.GetString(1)}.{row.GetString(2)} {row.GetString(13)}"),
        };
        facts.Functions[function.Oid] = function;
    }

    private static void AddType(CatalogFacts facts, NpgsqlDataReader row)
    {
        var checks = row.GetFieldValue<string[]>(4);
        var type = new TypeFacts(row.GetFieldValue<uint>(0), row.GetString(1))
        {
            Parts = Oids(row, 2),
            Functions = Oids(row, 3),
            Checks = [.. checks],
            Definition = $"{row.GetString(5)} {string.Join(' ', Oids(row, 2))} {string.Join('\n', checks)}",
        };
        facts.Types[type.Oid] = type;
    }

    private static void AddOperator(CatalogFacts facts, NpgsqlDataReader row) =>
        facts.Operators[row.GetFieldValue<uint>(0)] = new OperatorFacts(
            row.GetFieldValue<uint>(0), Oids(row, 1), $"{row.GetString(2)} {string.Join(' ', Oids(row, 1))}");

    /// <summary>Those that stand for something; 0 and NULL stand for nothing.</summary>
    private static ImmutableArray<uint> Oids(NpgsqlDataReader row, int column) =>
        [.. row.GetFieldValue<uint?[]>(column).OfType<uint>().Where(oid => oid != 0)];
}

/// <summary>One query of a round, the OIDs that it is about, and what becomes of its rows.</summary>
internal sealed record Reading(SortedSet<uint> Oids, string Sql, Action<NpgsqlDataReader> Take);
