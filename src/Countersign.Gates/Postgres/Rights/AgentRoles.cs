using Npgsql;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>The logins that sessions lease: made beforehand, one for each session, used again and again.</summary>
internal sealed class AgentRoles(AdminDatabase database, RightsOptions.EphemeralRole options)
{
    /// <summary>A role that somebody armed with an attribute is left out: no session may have that.</summary>
    private const string Free =
        """
        SELECT free.login FROM countersign.lease free
        JOIN pg_roles r ON r.oid = free.role AND r.rolname = free.login
        WHERE free.node IS NULL AND free.unusable IS NULL
          AND NOT (r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls)
        """;

    /// <summary>Least recently used first.</summary>
    private const string Take =
        $"""
        UPDATE countersign.lease l
        SET node = $1, since = clock_timestamp(), baseline = $2::name[]
        WHERE login = (
            {Free}
            ORDER BY free.since NULLS FIRST, free.login
            LIMIT 1 FOR UPDATE OF free SKIP LOCKED)
        RETURNING l.login::text, l.generation, (clock_timestamp() + $3)::text,
            array(SELECT r.rolname::text FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
                  WHERE m.member = l.role),
            coalesce(
                (SELECT setconfig FROM pg_db_role_setting WHERE setrole = l.role AND setdatabase = 0), ARRAY[]::text[]),
            EXISTS (SELECT FROM pg_db_role_setting WHERE setrole = l.role AND setdatabase <> 0),
            EXISTS (SELECT FROM pg_stat_activity WHERE usesysid = l.role)
        """;

    private readonly string[] _settings = [.. options.Settings.Select(setting => $"{setting.Key}={setting.Value}")];
    private readonly string[] _grants = [.. options.Grants];

    /// <summary>Makes the roles that shall be there before anybody asks for one.</summary>
    public Task PrepareAsync(CancellationToken cancellationToken) => database.InTransactionAsync(
        async (connection, _) =>
        {
            await AdvisoryLocks.TakeMakingAsync(connection, cancellationToken);
            await MakeUntilAsync(connection, options.PoolSize, cancellationToken);
            return true;
        },
        cancellationToken);

    /// <summary>Makes more roles unless one is free by now; answers whether it is worth to ask for one again.</summary>
    public Task<bool> TryGrowAsync(CancellationToken cancellationToken) => database.InTransactionAsync(
        async (connection, _) =>
        {
            await AdvisoryLocks.TakeMakingAsync(connection, cancellationToken);
            var (all, free) = (await connection.RowsAsync(
                $"SELECT count(*), (SELECT count(*) FROM ({Free}) AS free) FROM countersign.lease",
                [],
                row => (row.GetInt64(0), row.GetInt64(1)),
                cancellationToken)).Single();
            return free > 0
                || await MakeUntilAsync(connection, all + Math.Max(options.PoolSize, 1), cancellationToken);
        },
        cancellationToken);

    /// <summary>A login for a node, under a password that nobody else has; <c>null</c> when all are in use.</summary>
    public async Task<Lease?> TryTakeAsync(int node, CancellationToken cancellationToken)
    {
        var password = LeasePassword.Create();
        var key = await database.InTransactionAsync(
            async (connection, _) =>
            {
                var taken = await connection.RowsAsync(
                    Take, [node, _grants, options.LoginWithin], ReadTaken, cancellationToken);
                if (taken is not [var login])
                {
                    return (LeaseKey?)null;
                }

                if (login.IsConnected)
                {
                    await Backends.EndAsync(connection, login.Key.Login, options.EndWithin, cancellationToken);
                }

                await connection.RunAllAsync(
                    Commands(login, password).Select(command => new NpgsqlBatchCommand(command)), cancellationToken);
                return login.Key;
            },
            cancellationToken);
        return key is null ? null : new Lease(key.Value, password.Password);
    }

    private static Taken ReadTaken(NpgsqlDataReader row) => new(
        new LeaseKey(new RoleName(row.GetString(0)), row.GetInt64(1)),
        ValidUntil: row.GetString(2),
        MemberOf: row.GetFieldValue<string[]>(3),
        Settings: row.GetFieldValue<string[]>(4),
        HasOtherSettings: row.GetBoolean(5),
        IsConnected: row.GetBoolean(6));

    private IEnumerable<string> Commands(Taken taken, LeasePassword password)
    {
        var login = taken.Key.Login.Quoted;
        foreach (var role in taken.MemberOf.Except(_grants))
        {
            yield return $"REVOKE {Sql.Identifier(role)} FROM {login}";
        }

        foreach (var role in _grants.Except(taken.MemberOf))
        {
            yield return $"GRANT {Sql.Identifier(role)} TO {login}{database.InheritOnly}";
        }

        // A session may change its own role's settings, so what an earlier one left is compared with what shall be.
        if (taken.HasOtherSettings)
        {
            yield return $"ALTER ROLE {login} IN DATABASE {Sql.Identifier(database.Facts.DatabaseName)} RESET ALL";
        }

        if (!taken.Settings.ToHashSet(StringComparer.Ordinal).SetEquals(_settings))
        {
            yield return $"ALTER ROLE {login} RESET ALL";
            foreach (var setting in options.Settings)
            {
                yield return $"ALTER ROLE {login} SET {Sql.Identifier(setting.Key)} = {Sql.Literal(setting.Value)}";
            }
        }

        yield return $"ALTER ROLE {login} LOGIN PASSWORD {Sql.Literal(password.Verifier)} "
            + $"VALID UNTIL {Sql.Literal(taken.ValidUntil)} CONNECTION LIMIT {options.ConnectionsPerLease}";
    }

    /// <summary>Answers whether there were too few, and the limit let it make some.</summary>
    private async Task<bool> MakeUntilAsync(
        NpgsqlConnection connection, long count, CancellationToken cancellationToken)
    {
        var wanted = Math.Min(count, options.MostLeases);
        var known = (await connection.RowsAsync(
            "SELECT login::text FROM countersign.lease", [], row => row.GetString(0), cancellationToken)).ToHashSet();
        var isShort = known.Count < wanted;
        for (var number = 1; known.Count < wanted; number++)
        {
            var role = database.Names.Agent(number);
            if (known.Add(role.Value))
            {
                await MakeAsync(connection, role, cancellationToken);
            }
        }

        return isShort;
    }

    private async Task MakeAsync(NpgsqlConnection connection, RoleName role, CancellationToken cancellationToken)
    {
        var marks = await connection.RowsAsync(
            "SELECT coalesce(shobj_description(oid, 'pg_authid'), '') FROM pg_roles WHERE rolname = $1",
            [role.Value],
            row => row.GetString(0),
            cancellationToken);
        if (marks is [var mark] && mark != database.Names.Mark)
        {
            throw new RightsException(
                $"There is a role '{role}' already, and Countersign did not make it for this database. Rename it: "
                + $"ALTER ROLE {role.Quoted} RENAME TO <another name>;");
        }

        if (marks.Count == 0)
        {
            await connection.RunAllAsync(
                MakingCommands(role).Select(command => new NpgsqlBatchCommand(command)), cancellationToken);
        }

        // One from before the schema was lost may own things; the sweep cleans it before anybody gets it.
        await connection.RunAsync(
            """
            INSERT INTO countersign.lease (login, role, unusable)
            SELECT rolname, oid, $2 FROM pg_roles WHERE rolname = $1
            """,
            [role.Value, marks.Count == 0 ? DBNull.Value : "It is older than the schema 'countersign'."],
            cancellationToken);
    }

    private IEnumerable<string> MakingCommands(RoleName role)
    {
        yield return $"CREATE ROLE {role.Quoted} NOLOGIN CONNECTION LIMIT {options.ConnectionsPerLease}";
        yield return $"COMMENT ON ROLE {role.Quoted} IS {Sql.Literal(database.Names.Mark)}";
        if (!database.Facts.IsSuperuser)
        {
            // To end its sessions and to give away what it made takes membership. From 16 on its maker has the right
            // to give it to anybody, but not yet its rights.
            yield return $"GRANT {role.Quoted} TO CURRENT_USER{database.InheritAndSet}";
        }
    }

    private sealed record Taken(
        LeaseKey Key, string ValidUntil, string[] MemberOf, string[] Settings, bool HasOtherSettings, bool IsConnected);
}
