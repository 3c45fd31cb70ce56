using System.Collections.Immutable;
using Npgsql;

namespace Countersign.Gates.Postgres.Analysis.Catalog;

/// <summary>Rows of the catalog about what happens when a relation is written.</summary>
internal static class WriteRows
{
    public static IEnumerable<Reading> Readings(MissingFacts missing, CatalogFacts facts)
    {
        // A relation without any of this is known to have none.
        foreach (var oid in missing.Writes)
        {
            facts.Writes[oid] = new WriteFacts();
        }

        return
        [
            new(missing.Writes, CatalogQueries.Triggers, row => AddTrigger(facts, row)),
            new(missing.Writes, CatalogQueries.Defaults, row => AddDefault(facts, row)),
            new(missing.Writes, CatalogQueries.Expressions, row => AddExpression(facts, row)),
            new(missing.Writes, CatalogQueries.ForeignKeys, row => AddForeignKey(missing, facts, row)),
            new(missing.Writes, CatalogQueries.UniqueKeys, row => AddUniqueKey(facts, row)),
            new(missing.Writes, CatalogQueries.OwnSequences, row => AddSequence(facts, row)),
        ];
    }

    private static void AddTrigger(CatalogFacts facts, NpgsqlDataReader row) =>
        Change(facts, row.GetFieldValue<uint>(0), write => write with
        {
            Triggers = write.Triggers.Add(new TriggerFacts(
                row.GetString(1),
                row.GetFieldValue<uint>(2),
                (TriggerEvents)row.GetInt16(3),
                [.. row.GetFieldValue<short[]>(4)])),
            Definition = $"{write.Definition}\n{row.GetFieldValue<uint>(2)} {row.GetString(5)}",
        });

    private static void AddDefault(CatalogFacts facts, NpgsqlDataReader row) =>
        Change(facts, row.GetFieldValue<uint>(0), write => write with
        {
            Defaults = write.Defaults.Add(new DefaultFacts(row.GetInt16(1), row.GetString(2), row.GetBoolean(3))),
            Definition = $"{write.Definition}\n{row.GetInt16(1)} {row.GetString(2)}",
        });

    private static void AddExpression(CatalogFacts facts, NpgsqlDataReader row) =>
        Change(facts, row.GetFieldValue<uint>(0), write => write with
        {
            Expressions = write.Expressions.Add(row.GetString(2)),
            Definition = $"{write.Definition}\n{row.GetString(2)}",
        });

    private static void AddForeignKey(MissingFacts missing, CatalogFacts facts, NpgsqlDataReader row)
    {
        var from = row.GetFieldValue<uint>(0);
        var to = row.GetFieldValue<uint>(1);
        var key = new ForeignKeyFacts(
            from, [.. row.GetFieldValue<short[]>(2)], [.. row.GetFieldValue<short[]>(3)], row.GetChar(4),
            row.GetChar(5))
        {
            To = to,
        };
        var definition = $"{from} {to} {string.Join(',', key.FromColumns)} {string.Join(',', key.ToColumns)} "
            + $"{key.OnDelete}{key.OnUpdate}";

        // The other end may be known from an earlier round, with this key.
        if (missing.Writes.Contains(to))
        {
            Change(facts, to, write => write with
            {
                PointedAtBy = write.PointedAtBy.Add(key),
                Definition = $"{write.Definition}\nfrom {definition}",
            });
        }

        if (missing.Writes.Contains(from))
        {
            Change(facts, from, write => write with
            {
                PointsAt = write.PointsAt.Add(to),
                Keys = write.Keys.Add(key),
                Definition = $"{write.Definition}\nto {definition}",
            });
        }
    }

    private static void AddUniqueKey(CatalogFacts facts, NpgsqlDataReader row) =>
        Change(facts, row.GetFieldValue<uint>(0), write => write with
        {
            UniqueKeys = write.UniqueKeys.Add([.. row.GetFieldValue<short[]>(1)]),
        });

    private static void AddSequence(CatalogFacts facts, NpgsqlDataReader row) =>
        Change(facts, row.GetFieldValue<uint>(0), write => write with
        {
            OwnSequences = write.OwnSequences.Add(row.GetFieldValue<uint>(1)),
        });

    private static void Change(CatalogFacts facts, uint relation, Func<WriteFacts, WriteFacts> change)
    {
        if (facts.Writes.TryGetValue(relation, out var write))
        {
            facts.Writes[relation] = change(write);
        }
    }
}
