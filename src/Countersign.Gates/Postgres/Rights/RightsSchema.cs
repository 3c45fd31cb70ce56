using Npgsql;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>The schema <c>countersign</c>: the nodes, who has which login, and what actions were given.</summary>
/// <remarks>
/// The foreign key of <c>action_grant</c> is the fence of a lease: a node whose lease was taken back names a generation
/// that is no more, its row is refused, and with it the membership that it would give in the same transaction.
/// </remarks>
internal static class RightsSchema
{
    private const string Version = "Countersign rights, version 1.";

    private const string Tables =
        $"""
        CREATE TABLE countersign.node (
            id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            name text NOT NULL,
            started timestamptz NOT NULL DEFAULT clock_timestamp());
        CREATE TABLE countersign.lease (
            login name PRIMARY KEY,
            role oid NOT NULL UNIQUE,
            generation bigint NOT NULL DEFAULT 1,
            node int REFERENCES countersign.node,
            since timestamptz,
            baseline name[] NOT NULL DEFAULT '{"{}"}',
            unusable text,
            UNIQUE (login, generation));
        COMMENT ON COLUMN countersign.lease.node IS 'Who has it; nobody when null.';
        COMMENT ON COLUMN countersign.lease.unusable IS 'Why it is given to nobody; sweeps try to mend that.';
        CREATE TABLE countersign.action_grant (
            login name NOT NULL,
            generation bigint NOT NULL,
            number int NOT NULL,
            role name NOT NULL,
            action text NOT NULL,
            expires timestamptz NOT NULL,
            PRIMARY KEY (login, generation, number, role),
            FOREIGN KEY (login, generation) REFERENCES countersign.lease (login, generation));
        REVOKE ALL ON SCHEMA countersign FROM PUBLIC;
        REVOKE ALL ON countersign.node, countersign.lease, countersign.action_grant FROM PUBLIC;
        COMMENT ON TABLE countersign.lease IS '{Version}';
        """;

    /// <summary>
    /// Everybody sees that these tables are there and nobody but their owner a row of them: <c>pg_dump</c> locks each
    /// table that it finds, and would otherwise end with the first one that it may not.
    /// </summary>
    private const string Show =
        """
        GRANT USAGE ON SCHEMA countersign TO PUBLIC;
        ALTER TABLE countersign.node ENABLE ROW LEVEL SECURITY;
        ALTER TABLE countersign.lease ENABLE ROW LEVEL SECURITY;
        ALTER TABLE countersign.action_grant ENABLE ROW LEVEL SECURITY;
        GRANT SELECT ON countersign.node, countersign.lease, countersign.action_grant TO PUBLIC;
        """;

    public static Task EnsureAsync(AdminDatabase database, CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            async (connection, _) =>
            {
                await AdvisoryLocks.TakeMakingAsync(connection, cancellationToken);
                await EnsureSchemaAsync(database.Facts, connection, cancellationToken);
                await RefuseStrangersAsync(database.Facts, connection, cancellationToken);
                return true;
            },
            cancellationToken);

    private static async Task EnsureSchemaAsync(
        AdminFacts facts, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // IF NOT EXISTS would ask for the right to create schemas even where there is nothing to create.
        const string query =
            """
            SELECT n.oid IS NOT NULL, coalesce(obj_description(c.oid, 'pg_class'), ''),
                   has_database_privilege(current_database(), 'CREATE'),
                   coalesce(pg_has_role(n.nspowner, 'USAGE'), true), coalesce(c.relrowsecurity, false)
            FROM (VALUES ('countersign')) AS ours (name)
            LEFT JOIN pg_namespace n ON n.nspname = ours.name
            LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'lease'
            """;
        var (exists, version, mayCreate, isOurs, isShown) = (await connection.RowsAsync(
            query,
            [],
            row => (row.GetBoolean(0), row.GetString(1), row.GetBoolean(2), row.GetBoolean(3), row.GetBoolean(4)),
            cancellationToken)).Single();
        if (exists && version != Version)
        {
            throw new RightsException(
                $"The schema 'countersign' of database '{facts.DatabaseName}' holds something else than this version "
                + "of the gateway keeps there. Rename it if it is not the gateway's: "
                + "ALTER SCHEMA countersign RENAME TO countersign_old;");
        }

        if (!isOurs)
        {
            throw new RightsException(
                $"The schema 'countersign' of database '{facts.DatabaseName}' was made by another admin than "
                + $"'{facts.Admin}' (credentials.admin). Let all nodes use the same one, or run as a superuser: ALTER "
                + $"SCHEMA countersign OWNER TO {facts.Admin.Quoted}; and the same for the tables in it.");
        }

        if (!exists && !mayCreate)
        {
            throw new RightsException(
                $"The role '{facts.Admin}' (credentials.admin) may not create the schema 'countersign'. Run: GRANT "
                + $"CREATE ON DATABASE {Sql.Identifier(facts.DatabaseName)} TO {facts.Admin.Quoted};");
        }

        if (!exists)
        {
            await connection.RunAsync($"CREATE SCHEMA countersign; {Tables}", cancellationToken);
        }

        if (!isShown)
        {
            await connection.RunAsync(Show, cancellationToken);
        }
    }

    /// <summary>
    /// Whoever owns a table can hang triggers on it, which then run with the admin's rights; whoever may write it can
    /// give away leases.
    /// </summary>
    private static async Task RefuseStrangersAsync(
        AdminFacts facts, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string query =
            """
            SELECT DISTINCT r.rolname::text
            FROM (
                SELECT nspowner AS role FROM pg_namespace WHERE nspname = 'countersign'
                UNION SELECT relowner FROM pg_class WHERE relnamespace = 'countersign'::regnamespace
                UNION SELECT a.grantee FROM pg_namespace n, aclexplode(n.nspacl) a
                      WHERE n.nspname = 'countersign' AND a.privilege_type = 'CREATE'
                UNION SELECT a.grantee FROM pg_class c, aclexplode(c.relacl) a
                      WHERE c.relnamespace = 'countersign'::regnamespace AND a.privilege_type <> 'SELECT'
            ) AS stranger
            LEFT JOIN pg_roles r ON r.oid = stranger.role
            WHERE r.rolname IS DISTINCT FROM current_user AND r.rolsuper IS NOT TRUE
            """;
        var strangers = await connection.RowsAsync(
            query, [], row => row.IsDBNull(0) ? "PUBLIC" : row.GetString(0), cancellationToken);
        if (strangers.Count > 0)
        {
            throw new RightsException(
                $"'{string.Join("', '", strangers)}' may change the schema 'countersign' of database "
                + $"'{facts.DatabaseName}', in which the gateway keeps who has which rights. Only '{facts.Admin}' "
                + "(credentials.admin) may: revoke their privileges on it, and let it own the schema and its tables.");
        }
    }
}
