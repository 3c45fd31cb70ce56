using System.Collections.Immutable;
using Npgsql;

namespace Countersign.Gates.Postgres.Preview;

/// <summary>
/// What follows from deleting rows of a relation: the foreign keys that point to it, and what they do then.
/// </summary>
internal static class ForeignKeys
{
    private const string Query = """
        SELECT c.conname, n.nspname, r.relname, r.oid, c.confdeltype,
            ARRAY(SELECT quote_ident(a.attname) FROM unnest(c.conkey) WITH ORDINALITY AS k(number, place)
                JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number ORDER BY k.place),
            ARRAY(SELECT quote_ident(a.attname) FROM unnest(c.confkey) WITH ORDINALITY AS k(number, place)
                JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number ORDER BY k.place)
        FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
        WHERE c.contype = 'f' AND c.confrelid = $1 AND c.confdeltype IN ('c', 'n', 'd') AND c.conparentid = 0
        ORDER BY n.nspname, r.relname, c.conname
        """;

    /// <summary>Those that delete or change rows of their own relation when a row here goes.</summary>
    public static async Task<ImmutableArray<ForeignKey>> ToAsync(
        uint relation, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var query = new NpgsqlCommand(Query, connection);
        query.Parameters.Add(new NpgsqlParameter { Value = relation, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Oid });
        await using var reader = await query.ExecuteReaderAsync(cancellationToken);
        var keys = ImmutableArray.CreateBuilder<ForeignKey>();
        while (await reader.ReadAsync(cancellationToken))
        {
            keys.Add(new ForeignKey(
                new Statements.RelationName(reader.GetString(1), reader.GetString(2)),
                reader.GetFieldValue<uint>(3),
                Deletes: reader.GetFieldValue<char>(4) == 'c',
                [.. reader.GetFieldValue<string[]>(5)],
                [.. reader.GetFieldValue<string[]>(6)]));
        }

        return keys.ToImmutable();
    }
}

/// <summary>A foreign key, seen from the relation that it points to.</summary>
/// <param name="Relation">Whose rows go along.</param>
/// <param name="Oid">The same.</param>
/// <param name="Deletes">Whether they are deleted, and not only changed.</param>
/// <param name="Columns">Its columns, quoted where SQL needs it.</param>
/// <param name="Referenced">The columns that they equal.</param>
internal sealed record ForeignKey(
    Statements.RelationName Relation,
    uint Oid,
    bool Deletes,
    ImmutableArray<string> Columns,
    ImmutableArray<string> Referenced);
