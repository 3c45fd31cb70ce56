using Npgsql;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>
/// Takes a login back. Each step can be repeated, and a lease is free only after the last one, so that whoever finds
/// the lease after a crash starts again from the top:
/// (1) nobody can log in any more; (2) its sessions are over; (3) its memberships are the baseline, what it owns
/// belongs to the owner role, what was granted to it is gone, and its generation is another.
/// </summary>
internal sealed class LeaseReturn(AdminDatabase database, RightsOptions.EphemeralRole options, Settlement settlement)
{
    private const string Lock =
        "SELECT 1 FROM countersign.lease WHERE login = $1 AND generation = $2 FOR UPDATE";

    /// <summary>
    /// Answers whether the login can be leased again now; does nothing when this lease was taken back already.
    /// </summary>
    public async Task<bool> RunAsync(LeaseKey lease, CancellationToken cancellationToken)
    {
        // (1) In a transaction of its own: a login that begins after it fails, one that began before it is ended.
        if (!await TryLockOutAsync(lease, cancellationToken))
        {
            return false;
        }

        // (2)
        await using (var connection = await database.ConnectAsync(cancellationToken))
        {
            await Backends.EndAsync(connection, lease.Login, options.EndWithin, cancellationToken);
        }

        // (3)
        return await database.InTransactionAsync(
            async (connection, transaction) =>
                await IsCurrentAsync(connection, lease, cancellationToken)
                && await CleanAsync(connection, transaction, lease.Login, cancellationToken),
            cancellationToken);
    }

    private static async Task<bool> IsCurrentAsync(
        NpgsqlConnection connection, LeaseKey lease, CancellationToken cancellationToken) =>
        (await connection.RowsAsync(
            Lock, [lease.Login.Value, lease.Generation], _ => true, cancellationToken)).Count == 1;

    private Task<bool> TryLockOutAsync(LeaseKey lease, CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            async (connection, _) =>
            {
                var isCurrent = await IsCurrentAsync(connection, lease, cancellationToken);
                if (isCurrent)
                {
                    await connection.RunAsync(
                        $"ALTER ROLE {lease.Login.Quoted} NOLOGIN PASSWORD NULL", cancellationToken);
                }

                return isCurrent;
            },
            cancellationToken);

    private async Task<bool> CleanAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        RoleName login,
        CancellationToken cancellationToken)
    {
        await connection.RunAsync(
            "DELETE FROM countersign.action_grant WHERE login = $1", [login.Value], cancellationToken);
        await Memberships.RevokeAllButAsync(connection, database, login, options.Grants, cancellationToken);
        var problem = await settlement.TryCleanAsync(connection, transaction, login, cancellationToken);
        await connection.RunAsync(
            """
            UPDATE countersign.lease
            SET node = NULL, generation = generation + 1, since = clock_timestamp(), unusable = $2
            WHERE login = $1
            """,
            [login.Value, (object?)problem ?? DBNull.Value],
            cancellationToken);
        return problem is null;
    }
}
