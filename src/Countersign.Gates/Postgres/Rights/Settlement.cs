using System.Globalization;
using Npgsql;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>
/// Gives what a login made to the target's owner role. Nothing is ever dropped before it was given away: what was
/// approved and made stays made.
/// </summary>
internal sealed class Settlement(AdminDatabase database, RoleName? owner)
{
    /// <summary>
    /// Everything of this role that the server keeps a note of: in this database, and what belongs to no database.
    /// Default privileges and user mappings have no other owner to be given to.
    /// </summary>
    private const string Remains =
        """
        SELECT count(*) FILTER (
                   WHERE d.deptype = 'o'
                     AND d.classid NOT IN ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass)),
               count(*)
        FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
        WHERE d.refclassid = 'pg_authid'::regclass AND r.rolname = $1 AND d.dbid IN (0, $2::bigint::oid)
        """;

    private const string Savepoint = "settlement";

    public string? StatementFor(RoleName login) =>
        owner is { } role ? $"REASSIGN OWNED BY {login.Quoted} TO {role.Quoted}" : null;

    /// <summary>Gives away what it owns and takes back what was granted to it; answers why that cannot be.</summary>
    public async Task<string?> TryCleanAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        RoleName login,
        CancellationToken cancellationToken)
    {
        var (owned, all) = await CountAsync(connection, login, cancellationToken);
        if (all == 0)
        {
            return null;
        }

        if (owned > 0 && owner is null)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"'{login}' owns {owned} objects, and the target names no credentials.owner to give them to.");
        }

        await transaction.SaveAsync(Savepoint, cancellationToken);
        try
        {
            return await CleanAsync(connection, login, owned, cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState != PostgresErrorCodes.DeadlockDetected)
        {
            await transaction.RollbackAsync(Savepoint, cancellationToken);
            return $"What '{login}' owns cannot be given to '{owner}': {exception.MessageText}.";
        }
    }

    private async Task<string?> CleanAsync(
        NpgsqlConnection connection, RoleName login, long owned, CancellationToken cancellationToken)
    {
        if (owned > 0)
        {
            await connection.RunAsync(StatementFor(login)!, cancellationToken);
            (owned, _) = await CountAsync(connection, login, cancellationToken);
        }

        if (owned > 0)
        {
            return $"'{login}' still owns what cannot be given to '{owner}'.";
        }

        // It owns nothing that could be dropped: this takes back what was granted to it.
        await connection.RunAsync($"DROP OWNED BY {login.Quoted}", cancellationToken);
        return null;
    }

    private async Task<(long Owned, long All)> CountAsync(
        NpgsqlConnection connection, RoleName login, CancellationToken cancellationToken) =>
        (await connection.RowsAsync(
            Remains,
            [login.Value, database.Facts.Database],
            row => (row.GetInt64(0), row.GetInt64(1)),
            cancellationToken)).Single();
}
