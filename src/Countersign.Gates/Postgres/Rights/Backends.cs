using Npgsql;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>The server's processes behind the sessions of one login.</summary>
internal static class Backends
{
    /// <summary>Ends them all and waits until they are gone.</summary>
    public static async Task EndAsync(
        NpgsqlConnection connection, RoleName login, TimeSpan within, CancellationToken cancellationToken)
    {
        // Membership in the login is what lets an admin who is no superuser do this.
        await connection.RowsAsync(
            """
            SELECT pg_terminate_backend(a.pid, $2) FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
            WHERE r.rolname = $1
            """,
            [login.Value, (long)within.TotalMilliseconds],
            row => row.GetBoolean(0),
            cancellationToken);
        var left = await connection.ValueAsync<long>(
            """
            SELECT count(*) FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid WHERE r.rolname = $1
            """,
            [login.Value],
            cancellationToken);
        if (left > 0)
        {
            throw new RightsException(
                $"A session of '{login}' did not end within {within.TotalSeconds:0} s; it is tried again. "
                + $"To look at it: SELECT * FROM pg_stat_activity WHERE usename = {Sql.Literal(login.Value)};");
        }
    }
}
