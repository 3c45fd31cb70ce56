using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>
/// Finishes what nodes did not: they may have died at any line. Every step looks again under a lock before it acts, so
/// that several nodes may sweep at once; roles that Countersign did not make are never touched.
/// (1) leases of nodes that are gone; (2) memberships that no running action accounts for; (3) logins that could not
/// be cleaned when they were returned; (4) roles of relations that were dropped.
/// </summary>
internal sealed class Sweeper(AdminDatabase database, LeaseReturn leaseReturn, ILogger log)
{
    /// <summary>Those of a login that are neither its baseline nor an action's that still has time.</summary>
    private const string Kept =
        """
        SELECT unnest(l.baseline)::text FROM countersign.lease l WHERE l.login = $1
        UNION
        SELECT g.role::text FROM countersign.action_grant g WHERE g.login = $1 AND g.expires > clock_timestamp()
        """;

    private static readonly TimeSpan s_delivery = TimeSpan.FromMinutes(5);

    /// <param name="self">The node that sweeps.</param>
    /// <param name="isOurs">Whether that node knows of a lease that the database says it has.</param>
    /// <param name="cancellationToken">Ends it between two steps; the next sweep does the rest.</param>
    public async Task<Swept> RunAsync(
        int self, Predicate<LeaseKey> isOurs, CancellationToken cancellationToken)
    {
        var leases = await ReturnLeasesOfTheGoneAsync(self, cancellationToken);
        leases += await ReturnLostAsync(self, isOurs, cancellationToken);
        var memberships = await EndMembershipsAsync(cancellationToken);
        leases += await MendAsync(cancellationToken);
        var roles = await DropRolesAsync(cancellationToken);
        var swept = new Swept(leases, memberships, roles);
        if (!swept.IsNothing)
        {
            log.Swept(database.Facts.DatabaseName, leases, memberships, roles);
        }

        return swept;
    }

    // (1)
    private async Task<int> ReturnLeasesOfTheGoneAsync(int self, CancellationToken cancellationToken)
    {
        var returned = 0;
        foreach (var node in await GoneAsync(self, cancellationToken))
        {
            await using var connection = await database.ConnectAsync(cancellationToken);
            var leases = await connection.RowsAsync(
                "SELECT login::text, generation FROM countersign.lease WHERE node = $1",
                [node],
                ReadKey,
                cancellationToken);
            foreach (var lease in leases)
            {
                returned += await TryReturnAsync(lease, cancellationToken) ? 1 : 0;
            }

            await connection.RunAsync(
                """
                DELETE FROM countersign.node
                WHERE id = $1 AND NOT EXISTS (SELECT FROM countersign.lease WHERE node = $1)
                """,
                [node],
                cancellationToken);
        }

        return returned;
    }

    /// <summary>
    /// A connection that broke while a lease was committed leaves one that nobody knows of. A young one may be on its
    /// way to whoever asked for it.
    /// </summary>
    private async Task<int> ReturnLostAsync(
        int self, Predicate<LeaseKey> isOurs, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var leases = await connection.RowsAsync(
            """
            SELECT login::text, generation FROM countersign.lease
            WHERE node = $1 AND since < clock_timestamp() - $2
            """,
            [self, s_delivery],
            ReadKey,
            cancellationToken);
        var returned = 0;
        foreach (var lease in leases.Where(lease => !isOurs(lease)))
        {
            returned += await TryReturnAsync(lease, cancellationToken) ? 1 : 0;
        }

        return returned;
    }

    /// <summary>A shared lock: two nodes that look at once do not take each other for the missing one.</summary>
    private async Task<List<int>> GoneAsync(int self, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.RowsAsync(
            $"""
            SELECT id FROM (SELECT id FROM countersign.node WHERE id <> $1 OFFSET 0) AS other
            WHERE pg_try_advisory_xact_lock_shared({AdvisoryLocks.Space}, id)
            """,
            [self],
            row => row.GetInt32(0),
            cancellationToken);
    }

    /// <summary>One login whose session does not end must not keep the others from being returned.</summary>
    private async Task<bool> TryReturnAsync(LeaseKey lease, CancellationToken cancellationToken)
    {
        try
        {
            return await leaseReturn.RunAsync(lease, cancellationToken);
        }
        catch (RightsException exception)
        {
            log.SweepFailed(exception, database.Facts.DatabaseName);
            return false;
        }
    }

    private static LeaseKey ReadKey(NpgsqlDataReader row) => new(new RoleName(row.GetString(0)), row.GetInt64(1));

    // (2)
    private async Task<int> EndMembershipsAsync(CancellationToken cancellationToken)
    {
        const string suspects =
            """
            SELECT DISTINCT l.login::text
            FROM countersign.lease l
            JOIN pg_auth_members m ON m.member = l.role
            JOIN pg_roles r ON r.oid = m.roleid
            WHERE l.node IS NOT NULL AND r.rolname <> ALL (l.baseline)
              AND NOT EXISTS (
                  SELECT FROM countersign.action_grant g
                  WHERE g.login = l.login AND g.role = r.rolname AND g.expires > clock_timestamp())
            UNION SELECT login::text FROM countersign.action_grant WHERE expires <= clock_timestamp()
            """;
        await using var connection = await database.ConnectAsync(cancellationToken);
        var logins = await connection.RowsAsync(
            suspects, [], row => new RoleName(row.GetString(0)), cancellationToken);
        var ended = 0;
        foreach (var login in logins)
        {
            ended += await EndMembershipsAsync(login, cancellationToken);
        }

        return ended;
    }

    private Task<int> EndMembershipsAsync(RoleName login, CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            async (connection, _) =>
            {
                // Against this lock no grant can be under way that the next statement would not see.
                await connection.RunAsync(
                    "SELECT 1 FROM countersign.lease WHERE login = $1 FOR UPDATE", [login.Value], cancellationToken);
                var kept = await connection.RowsAsync(
                    Kept, [login.Value], row => row.GetString(0), cancellationToken);
                var ended = await Memberships.RevokeAllButAsync(
                    connection, database, login, kept, cancellationToken);
                await connection.RunAsync(
                    "DELETE FROM countersign.action_grant WHERE login = $1 AND expires <= clock_timestamp()",
                    [login.Value],
                    cancellationToken);
                return ended;
            },
            cancellationToken);

    // (3)
    private async Task<int> MendAsync(CancellationToken cancellationToken)
    {
        const string unusable =
            """
            SELECT l.login::text, l.generation FROM countersign.lease l
            JOIN pg_roles r ON r.oid = l.role AND r.rolname = l.login
            WHERE l.unusable IS NOT NULL AND shobj_description(r.oid, 'pg_authid') = $1
            """;
        await using var connection = await database.ConnectAsync(cancellationToken);
        var leases = await connection.RowsAsync(unusable, [database.Names.Mark], ReadKey, cancellationToken);
        var mended = 0;
        foreach (var lease in leases)
        {
            mended += await TryReturnAsync(lease, cancellationToken) ? 1 : 0;
        }

        return mended;
    }

    // (4)
    private async Task<int> DropRolesAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var names = await connection.RowsAsync(
            """
            SELECT rolname::text FROM pg_roles
            WHERE starts_with(rolname, $1) AND shobj_description(oid, 'pg_authid') = $2
            """,
            [database.Names.RelationPrefix, database.Names.Mark],
            row => row.GetString(0),
            cancellationToken);
        var oids = names.ToLookup(name => database.Names.OidIn(name));
        var kept = await connection.RowsAsync(
            "SELECT oid::bigint FROM pg_class WHERE oid = ANY ($1::bigint[]::oid[])",
            [oids.Select(group => group.Key).ToArray()],
            row => row.GetInt64(0),
            cancellationToken);
        var dropped = 0;
        var gone = oids.Where(group => group.Key != 0 && !kept.Contains(group.Key));
        foreach (var role in gone.SelectMany(group => group))
        {
            dropped += await DropAsync(new RoleName(role), cancellationToken) ? 1 : 0;
        }

        return dropped;
    }

    /// <summary>Only a role that has nothing left but the use of schemas; people look at any other.</summary>
    private Task<bool> DropAsync(RoleName role, CancellationToken cancellationToken) => database.InTransactionAsync(
        async (connection, _) =>
        {
            await AdvisoryLocks.TakeMakingAsync(connection, cancellationToken);
            var isBare = await connection.ValueAsync<bool>(
                """
                SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)
                    AND NOT EXISTS (
                        SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid IN (m.member, m.roleid)
                        WHERE r.rolname = $1 AND NOT EXISTS (
                            SELECT FROM pg_roles a WHERE a.oid = m.member AND a.rolname = current_user))
                    AND NOT EXISTS (
                        SELECT FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
                        WHERE d.refclassid = 'pg_authid'::regclass AND r.rolname = $1
                          AND NOT (d.dbid = $2::bigint::oid AND d.deptype = 'a'
                                   AND d.classid = 'pg_namespace'::regclass))
                """,
                [role.Value, database.Facts.Database],
                cancellationToken);
            if (isBare)
            {
                await connection.RunAsync(await RevokesAsync(connection, role, cancellationToken), cancellationToken);
            }

            return isBare;
        },
        cancellationToken);

    /// <summary>No DROP OWNED: it would take membership in the role, and there is no need for so wide a word.</summary>
    private static async Task<string> RevokesAsync(
        NpgsqlConnection connection, RoleName role, CancellationToken cancellationToken)
    {
        var schemas = await connection.RowsAsync(
            """
            SELECT n.nspname::text FROM pg_namespace n, aclexplode(n.nspacl) a JOIN pg_roles r ON r.oid = a.grantee
            WHERE r.rolname = $1
            """,
            [role.Value],
            row => row.GetString(0),
            cancellationToken);
        var revokes = schemas.Distinct().Select(schema => string.Create(
            CultureInfo.InvariantCulture,
            $"REVOKE ALL ON SCHEMA {Sql.Identifier(schema)} FROM {role.Quoted};"));
        return $"{string.Concat(revokes)}DROP ROLE {role.Quoted}";
    }
}
