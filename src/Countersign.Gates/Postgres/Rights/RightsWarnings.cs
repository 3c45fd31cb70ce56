using System.Collections.Immutable;
using Npgsql;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>
/// What the database allows every agent's session before any gate is asked. It is the customer's database: this says
/// what to run and why, and runs nothing.
/// </summary>
internal static class RightsWarnings
{
    /// <summary>One row per finding: its kind, what it is about, and of whom.</summary>
    private const string Query =
        """
        WITH given AS (SELECT unnest('{public}' || $1::text[]) AS role), here AS (SELECT current_database() AS name)
        SELECT 'temp', here.name::text, given.role FROM given, here
            WHERE has_database_privilege(given.role, here.name, 'TEMP')
              AND (given.role = 'public' OR NOT has_database_privilege('public', here.name, 'TEMP'))
        UNION ALL
        SELECT 'connect', here.name::text, '' FROM here
            WHERE NOT EXISTS (SELECT FROM given WHERE has_database_privilege(given.role, here.name, 'CONNECT'))
        UNION ALL
        SELECT 'create', here.name::text, given.role FROM given, here
            WHERE has_database_privilege(given.role, here.name, 'CREATE')
        UNION ALL
        SELECT 'schema', n.nspname::text, given.role FROM given, pg_namespace n
            WHERE NOT starts_with(n.nspname, 'pg_') AND has_schema_privilege(given.role, n.oid, 'CREATE')
              AND (given.role = 'public' OR NOT has_schema_privilege('public', n.oid, 'CREATE'))
        UNION ALL
        SELECT DISTINCT 'owns', c.oid::regclass::text, given.role
            FROM given JOIN pg_class c ON c.relkind IN ('r', 'p', 'v', 'm', 'f') AND given.role <> 'public'
            WHERE pg_has_role(given.role, c.relowner, 'USAGE')
        UNION ALL
        SELECT 'writes', c.oid::regclass::text, given.role
            FROM given JOIN pg_class c ON c.relkind IN ('r', 'p', 'v', 'f')
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE NOT starts_with(n.nspname, 'pg_') AND n.nspname <> 'information_schema'
              AND has_table_privilege(given.role, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
              AND (given.role = 'public'
                   OR NOT has_table_privilege('public', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'))
        """;

    private const int MostNamed = 5;

    public static async Task<ImmutableArray<string>> FindAsync(
        NpgsqlConnection connection, ImmutableArray<string> roles, CancellationToken cancellationToken)
    {
        var found = await connection.RowsAsync(
            Query,
            [roles.ToArray()],
            row => (Kind: row.GetString(0), What: row.GetString(1), Role: row.GetString(2)),
            cancellationToken);
        return
        [
            .. found.Distinct()
                .GroupBy(finding => (finding.Kind, finding.Role))
                .Select(group => Describe(
                    group.Key.Kind,
                    group.Key.Role,
                    [.. group.Select(finding => finding.What).Order(StringComparer.Ordinal)])),
        ];
    }

    public static async Task<ImmutableArray<string>> FindTrustAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var lines = await connection.RowsAsync(
            """
            SELECT line_number FROM pg_hba_file_rules WHERE auth_method = 'trust' AND type <> 'local' ORDER BY 1
            """,
            [],
            row => row.GetInt32(0),
            cancellationToken);
        return lines.Count == 0
            ? []
            : [
                $"pg_hba.conf lets clients in without a password (trust, line {string.Join(", ", lines)}): whoever "
                + "reaches the server so needs no gateway. Let those lines say scram-sha-256.",
            ];
    }

    private static string Describe(string kind, string role, string[] what)
    {
        var who = role == "public" ? "PUBLIC" : Sql.Identifier(role);
        var named = string.Join(", ", what.Take(MostNamed))
            + (what.Length > MostNamed ? $" and {what.Length - MostNamed} more" : "");
        return kind switch
        {
            "temp" => $"{who} may make temporary objects in database '{named}': a temporary table hides one of the "
                + "same name, and temporary functions are code that nobody approved. Run: REVOKE TEMPORARY ON "
                + $"DATABASE {Sql.Identifier(what[0])} FROM {who};",
            "connect" => $"No session can connect to database '{named}': let a role of credentials.grants do that. "
                + $"Run: GRANT CONNECT ON DATABASE {Sql.Identifier(what[0])} TO <that role>;",
            "create" => $"{who} may create schemas in database '{named}', and owns what stands in them. Run: REVOKE "
                + $"CREATE ON DATABASE {Sql.Identifier(what[0])} FROM {who};",
            "schema" => $"{who} may create objects in {named}: a function there can be called in place of another one. "
                + $"Run for each: REVOKE CREATE ON SCHEMA … FROM {who};",
            "owns" => $"{who} owns {named}: every agent may drop that, and read all of its rows. Let another role own "
                + "it (credentials.owner).",
            _ => $"{who} may write {named}: where the policy allows a write, or overlooks one, no missing right stops "
                + $"it. Revoke it; an approved action gets what it needs. Run: REVOKE INSERT, UPDATE, DELETE, TRUNCATE "
                + $"ON … FROM {who};",
        };
    }
}
