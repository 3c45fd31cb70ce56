using Npgsql;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>Which roles a login is a member of.</summary>
internal static class Memberships
{
    /// <summary>Revokes what is not among the roles to keep; answers how many that were.</summary>
    public static async Task<int> RevokeAllButAsync(
        NpgsqlConnection connection,
        AdminDatabase database,
        RoleName login,
        IEnumerable<string> kept,
        CancellationToken cancellationToken)
    {
        var extra = await connection.RowsAsync(
            """
            SELECT r.rolname::text, g.rolname::text
            FROM pg_auth_members m
            JOIN pg_roles r ON r.oid = m.roleid
            JOIN pg_roles l ON l.oid = m.member
            LEFT JOIN pg_roles g ON g.oid = m.grantor
            WHERE l.rolname = $1 AND r.rolname <> ALL ($2)
            """,
            [login.Value, kept.ToArray()],
            row => (Role: row.GetString(0), Grantor: row.IsDBNull(1) ? null : row.GetString(1)),
            cancellationToken);
        foreach (var (role, grantor) in extra)
        {
            // From 16 on each grantor's membership stands for itself, and only a REVOKE that names it ends it.
            var by = database.HasMembershipOptions && grantor is not null
                ? $" GRANTED BY {Sql.Identifier(grantor)}"
                : "";
            await connection.RunAsync(
                $"REVOKE {Sql.Identifier(role)} FROM {login.Quoted}{by}", cancellationToken);
        }

        return extra.Count;
    }
}
