using System.Collections.Immutable;
using Countersign.Gates.Postgres.Statements;
using Npgsql;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>
/// One NOLOGIN role per relation and verb, made when first needed and kept. Membership in it is what an action gets:
/// unlike GRANT on the table itself, that touches no row that two actions share and invalidates nobody's plans.
/// </summary>
internal sealed class RelationRoles(AdminDatabase database, ImmutableArray<string> baseline)
{
    /// <summary>
    /// What is needed of each relation and verb, compared with what is there. A role counts as ready only when it is
    /// exactly what it is called: OIDs change when a database is restored, while the privileges follow the names.
    /// </summary>
    private const string Query =
        """
        WITH wanted AS (
            SELECT use.verb, c.oid, c.relnamespace, c.relowner, c.relacl, n.nspname, c.oid::regclass::text AS relation,
                   role.oid AS role, role.rolname, role.rolcanlogin OR role.rolsuper OR role.rolcreaterole
                       OR role.rolcreatedb OR role.rolreplication OR role.rolbypassrls AS is_armed,
                   $1 || c.oid || '_' || lower(use.verb) AS name,
                   array(
                       SELECT s.oid FROM pg_attrdef a
                       JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid
                            AND d.refclassid = 'pg_class'::regclass
                       JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
                       WHERE a.adrelid = c.oid AND use.verb = 'INSERT') AS sequences
            FROM unnest($2::bigint[], $3::text[]) AS use (relation, verb)
            JOIN pg_class c ON c.oid = use.relation::oid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_roles role ON role.rolname = $1 || c.oid || '_' || lower(use.verb)
        )
        SELECT w.oid::bigint, w.verb, w.relation, w.nspname::text, w.name,
               array(SELECT s::regclass::text FROM unnest(w.sequences) s),
               EXISTS (
                   SELECT FROM unnest('{public}' || $4::text[]) AS one
                   WHERE CASE w.verb WHEN 'USAGE' THEN has_sequence_privilege(one, w.oid, w.verb)
                                     ELSE has_table_privilege(one, w.oid, w.verb) END
                     AND has_schema_privilege(one, w.relnamespace, 'USAGE')
                     AND NOT EXISTS (
                         SELECT FROM unnest(w.sequences) s WHERE NOT has_sequence_privilege(one, s, 'USAGE')))
                   OR w.relowner = (SELECT oid FROM pg_roles WHERE rolname = $5),
               w.role IS NOT NULL,
               w.role IS NOT NULL AND NOT w.is_armed
                   AND shobj_description(w.role, 'pg_authid') IS NOT DISTINCT FROM $6
                   AND NOT EXISTS (SELECT FROM pg_auth_members m WHERE m.member = w.role)
                   AND NOT EXISTS (
                       SELECT FROM aclexplode(w.relacl) a
                       WHERE a.grantee = w.role AND (a.privilege_type <> w.verb OR a.is_grantable))
                   AND NOT EXISTS (
                       SELECT FROM pg_shdepend d LEFT JOIN pg_class c ON c.oid = d.objid
                       WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = w.role
                         AND NOT (d.deptype = 'a' AND d.dbid = $7::bigint::oid
                             AND (d.classid = 'pg_namespace'::regclass
                                  OR d.classid = 'pg_class'::regclass AND d.objsubid = 0
                                     AND (d.objid = w.oid OR c.relkind = 'S')))),
               coalesce(CASE w.verb WHEN 'USAGE' THEN has_sequence_privilege(w.role, w.oid, w.verb)
                                    ELSE has_table_privilege(w.role, w.oid, w.verb) END, false),
               has_schema_privilege(coalesce(w.rolname, 'public'), w.relnamespace, 'USAGE'),
               NOT EXISTS (
                   SELECT FROM unnest(w.sequences) s
                   WHERE NOT has_sequence_privilege(coalesce(w.rolname, 'public'), s, 'USAGE'))
        FROM wanted w
        """;

    private readonly string[] _baseline = [.. baseline];

    /// <summary>
    /// The roles that a login has to become a member of for these uses. Its baseline's rights need none, and nor do
    /// relations that nobody but the session itself can see yet: it made them, and owns them.
    /// </summary>
    public async Task<ImmutableArray<RoleName>> ForAsync(
        RoleName login, ImmutableArray<RelationUse> uses, CancellationToken cancellationToken)
    {
        if (uses.IsDefaultOrEmpty)
        {
            return [];
        }

        await using var connection = await database.ConnectAsync(cancellationToken);
        var wanted = await LookAsync(connection, login, Split(uses), cancellationToken);
        var needed = wanted.Where(need => !need.IsHeld).ToList();
        if (needed.Any(need => !need.IsReady))
        {
            await MakeAsync(login, [.. needed.Where(need => !need.IsReady)], cancellationToken);
        }

        return [.. needed.Select(need => need.Role)];
    }

    private static (long Relation, string Verb)[] Split(ImmutableArray<RelationUse> uses) =>
        [.. uses.SelectMany(use => RoleNames.VerbsOf(use.Rights).Select(verb => ((long)use.Oid, verb))).Distinct()];

    private Task<List<RelationNeed>> LookAsync(
        NpgsqlConnection connection,
        RoleName login,
        (long Relation, string Verb)[] uses,
        CancellationToken cancellationToken) =>
        connection.RowsAsync(
            Query,
            [
                database.Names.RelationPrefix,
                uses.Select(use => use.Relation).ToArray(),
                uses.Select(use => use.Verb).ToArray(),
                _baseline,
                login.Value,
                database.Names.Mark,
                database.Facts.Database,
            ],
            row => new RelationNeed(row.GetInt64(0), row.GetString(1), row.GetString(2), new RoleName(row.GetString(4)))
            {
                Schema = row.GetString(3),
                Sequences = [.. row.GetFieldValue<string[]>(5)],
                IsHeld = row.GetBoolean(6),
                Exists = row.GetBoolean(7),
                IsExact = row.GetBoolean(8),
                HasRelation = row.GetBoolean(9),
                HasSchema = row.GetBoolean(10),
                HasSequences = row.GetBoolean(11),
            },
            cancellationToken);

    private Task<bool> MakeAsync(
        RoleName login, ImmutableArray<RelationNeed> missing, CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            async (connection, _) =>
            {
                await AdvisoryLocks.TakeMakingAsync(connection, cancellationToken);
                var uses = missing.Select(need => (need.Relation, need.Verb)).ToArray();
                foreach (var need in await LookAsync(connection, login, uses, cancellationToken))
                {
                    RefuseUnfit(need);
                    await MakeAsync(connection, need, cancellationToken);
                }

                // The relation's name was looked up and then used; only what came of it is proof.
                foreach (var need in await LookAsync(connection, login, uses, cancellationToken))
                {
                    RefuseUnready(need);
                }

                return true;
            },
            cancellationToken);

    private static void RefuseUnfit(RelationNeed need)
    {
        if (need.Schema is "pg_catalog" or "information_schema" or "countersign"
            || need.Schema.StartsWith("pg_toast", StringComparison.Ordinal))
        {
            throw new RightsException(
                $"The gateway gives nobody {need.Verb} on '{need.Name}': it belongs to the server or to the gateway "
                + "itself. What an operator has to change there is changed without the gateway.");
        }

        if (need.Exists && !need.IsExact)
        {
            throw new RightsException(
                $"The role '{need.Role}' is not what it was made for, {need.Verb} on '{need.Name}' and nothing else: "
                + "it was made or altered by somebody else, or its database was restored. If nothing else uses it, "
                + $"run in each database of the server: DROP OWNED BY {need.Role.Quoted}; "
                + $"and then: DROP ROLE {need.Role.Quoted}; the gateway makes it again.");
        }
    }

    private async Task MakeAsync(
        NpgsqlConnection connection, RelationNeed need, CancellationToken cancellationToken)
    {
        List<string> commands = [];
        if (!need.Exists)
        {
            commands.Add($"CREATE ROLE {need.Role.Quoted} NOLOGIN");
            commands.Add($"COMMENT ON ROLE {need.Role.Quoted} IS {Sql.Literal(database.Names.Mark)}");
        }

        if (!need.HasRelation)
        {
            var kind = need.Verb == RoleNames.OfSequences ? "SEQUENCE " : "";
            commands.Add($"GRANT {need.Verb} ON {kind}{need.Name} TO {need.Role.Quoted}");
        }

        if (!need.HasSchema)
        {
            commands.Add($"GRANT USAGE ON SCHEMA {Sql.Identifier(need.Schema)} TO {need.Role.Quoted}");
        }

        commands.AddRange(
            need.HasSequences
                ? []
                : need.Sequences.Select(sequence => $"GRANT USAGE ON SEQUENCE {sequence} TO {need.Role.Quoted}"));
        try
        {
            await connection.RunAllAsync(
                commands.Select(command => new NpgsqlBatchCommand(command)), cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw Unable(need, exception);
        }
    }

    private void RefuseUnready(RelationNeed need)
    {
        if (!need.IsReady)
        {
            throw Unable(need, cause: null);
        }
    }

    /// <summary>A GRANT by somebody who may not is sometimes an error and sometimes only a warning.</summary>
    private RightsException Unable(RelationNeed need, Exception? cause) => new(
        $"The role '{database.Facts.Admin}' (credentials.admin) may not give {need.Verb} on '{need.Name}', with its "
        + "schema and sequences: it neither owns them nor is a member of their owner. Make it one: "
        + $"GRANT <owner of {need.Name}> TO {database.Facts.Admin.Quoted};",
        cause);
}
