using System.Collections.Immutable;
using Countersign.Gates.Postgres.Statements;
using Npgsql;
using NpgsqlTypes;

namespace Countersign.Gates.Postgres.Preview;

/// <summary>The relations that a TRUNCATE empties, with their partitions and children.</summary>
internal static class Emptied
{
    private const string Query = """
        WITH RECURSIVE emptied(oid) AS (
            SELECT unnest($1) UNION SELECT i.inhrelid FROM pg_inherits AS i JOIN emptied AS e ON i.inhparent = e.oid)
        SELECT n.nspname, c.relname FROM emptied AS e
        JOIN pg_class AS c ON c.oid = e.oid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' ORDER BY n.nspname, c.relname
        """;

    public static async Task<ImmutableArray<RelationName>> ByAsync(
        Effects effects, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var query = new NpgsqlCommand(Query, connection);
        query.Parameters.Add(new NpgsqlParameter
        {
            Value = effects.Rights
                .Where(use => use.Rights.HasFlag(RelationRights.Truncate)).Select(use => use.Oid).ToArray(),
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Oid,
        });
        await using var reader = await query.ExecuteReaderAsync(cancellationToken);
        var relations = ImmutableArray.CreateBuilder<RelationName>();
        while (await reader.ReadAsync(cancellationToken))
        {
            relations.Add(new RelationName(reader.GetString(0), reader.GetString(1)));
        }

        return relations.ToImmutable();
    }
}
