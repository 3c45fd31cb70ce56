using System.Collections.Immutable;
using Npgsql;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>
/// Looks at roles that an agent's session is to be a member of, with all that they are members of themselves: what
/// makes the gate pointless is found.
/// </summary>
/// <param name="facts">Who gives the roles; <c>null</c> when nobody does, because the login has them already.</param>
internal sealed class RoleAudit(AdminFacts? facts)
{
    /// <summary>Every role that one leads to, and how.</summary>
    private const string Reached =
        """
        WITH RECURSIVE reached (oid, path) AS (
            SELECT oid, rolname::text FROM pg_roles WHERE rolname = $1
            UNION ALL
            SELECT m.roleid, reached.path || ' > ' || r.rolname
            FROM reached
            JOIN pg_auth_members m ON m.member = reached.oid
            JOIN pg_roles r ON r.oid = m.roleid)
        SELECT DISTINCT ON (r.oid) r.rolname::text, reached.path,
            concat_ws(' ', CASE WHEN r.rolsuper THEN 'SUPERUSER' END,
                CASE WHEN r.rolreplication THEN 'REPLICATION' END, CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
                CASE WHEN r.rolcreatedb THEN 'CREATEDB' END, CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END),
            EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid AND m.admin_option)
        FROM reached JOIN pg_roles r ON r.oid = reached.oid
        ORDER BY r.oid, length(reached.path)
        """;

    /// <summary>Roles of the server itself that only read; all others, and all that are yet to come, do more.</summary>
    private static readonly ImmutableHashSet<string> s_harmless =
        ["pg_read_all_data", "pg_monitor", "pg_read_all_settings", "pg_read_all_stats", "pg_stat_scan_tables"];

    /// <summary>What is wrong with <c>grants</c> and <c>owner</c>, each with its remedy.</summary>
    public async Task<ImmutableArray<string>> FindAsync(
        NpgsqlConnection connection, RightsOptions.EphemeralRole options, CancellationToken cancellationToken)
    {
        List<string> findings = [];
        foreach (var grant in options.Grants)
        {
            findings.AddRange(await FindAsync(
                connection, new RoleName(grant), "credentials.grants", options.Owner, cancellationToken));
        }

        if (options.Owner is { } owner)
        {
            findings.AddRange(await FindAsync(
                connection, new RoleName(owner), "credentials.owner", foreign: null, cancellationToken));
        }

        return [.. findings];
    }

    /// <param name="foreign">A role that must not be reached although it is harmless in itself.</param>
    public async Task<List<string>> FindAsync(
        NpgsqlConnection connection,
        RoleName role,
        string setting,
        string? foreign,
        CancellationToken cancellationToken)
    {
        var reached = await connection.RowsAsync(
            Reached,
            [role.Value],
            row => new Stop(row.GetString(0), row.GetString(1), row.GetString(2), row.GetBoolean(3)),
            cancellationToken);
        if (reached.Count == 0)
        {
            return [$"There is no role '{role}' ({setting}). Run: CREATE ROLE {role.Quoted} NOLOGIN;"];
        }

        List<string> findings = [.. reached.SelectMany(stop => FindingsOf(stop, role, setting, foreign))];
        if (findings.Count == 0 && facts is { IsSuperuser: false })
        {
            findings.AddRange(await FindUngrantableAsync(connection, facts, role, setting, cancellationToken));
        }

        return findings;
    }

    private IEnumerable<string> FindingsOf(Stop stop, RoleName role, string setting, string? foreign)
    {
        var route = stop.Role == role.Value ? "" : $" It gets there by {stop.Path}.";
        var subject = $"The role '{role}' ({setting}) gives agents more than a gate can hold back: ";
        var quoted = Sql.Identifier(stop.Role);
        if (stop.Attributes.Length > 0)
        {
            var denied = string.Join(' ', stop.Attributes.Split(' ').Select(attribute => $"NO{attribute}"));
            yield return $"{subject}'{stop.Role}' has {stop.Attributes}.{route} Run: ALTER ROLE {quoted} {denied}; "
                + "or name another role.";
        }

        if (stop.Role.StartsWith("pg_", StringComparison.Ordinal) && !s_harmless.Contains(stop.Role))
        {
            yield return $"{subject}'{stop.Role}' reaches the server itself.{route} Revoke it on the way there.";
        }

        if (stop.Role.StartsWith(RoleNames.Prefix, StringComparison.Ordinal))
        {
            yield return $"{subject}'{stop.Role}' stands for what single actions are given.{route} "
                + "Revoke it on the way there.";
        }

        if (stop.HasAdminOption)
        {
            yield return $"{subject}'{stop.Role}' may give roles to others.{route} For each role it is a member of "
                + $"run: REVOKE ADMIN OPTION FOR <role> FROM {quoted};";
        }

        if (stop.Role == foreign || stop.Role == facts?.Admin.Value)
        {
            yield return $"{subject}with '{stop.Role}' every session would have what only approved actions shall."
                + $"{route} Name another role.";
        }
    }

    /// <summary>
    /// Up to 15, CREATEROLE may give away any role that is no superuser; from 16 on it takes the admin option. What
    /// sessions make is given to the owner by a member of it.
    /// </summary>
    private static async Task<IEnumerable<string>> FindUngrantableAsync(
        NpgsqlConnection connection,
        AdminFacts facts,
        RoleName role,
        string setting,
        CancellationToken cancellationToken)
    {
        var (mayGrant, isMember) = (await connection.RowsAsync(
            "SELECT pg_has_role($1, 'MEMBER WITH ADMIN OPTION'), pg_has_role($1, 'USAGE')",
            [role.Value],
            row => (row.GetBoolean(0), row.GetBoolean(1)),
            cancellationToken)).Single();
        var needsOption = facts.Version >= AdminFacts.WithMembershipOptions && !mayGrant;
        return needsOption || (setting == "credentials.owner" && !isMember)
            ? [
                $"The role '{facts.Admin}' (credentials.admin) may not pass on '{role}' ({setting}). Run: GRANT "
                + $"{role.Quoted} TO {facts.Admin.Quoted}{(needsOption ? " WITH ADMIN OPTION" : "")};",
            ]
            : [];
    }

    private sealed record Stop(string Role, string Path, string Attributes, bool HasAdminOption);
}
