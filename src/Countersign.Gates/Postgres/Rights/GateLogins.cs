using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>
/// Logins of the gate's own that are not the admin's. Understanding a statement runs input functions of its constants,
/// and counting runs its conditions; whoever could plant such code must not find a superuser under it.
/// </summary>
/// <param name="Analyst">
/// Connection string of who looks at statements: what every session may read, and temporary functions.
/// </param>
/// <param name="Counter">
/// Connection string of who counts for previews: reads everything, if that could be given.
/// </param>
internal sealed record GateLogins(string Analyst, string Counter)
{
    /// <summary>
    /// Makes them, or finds them as another node made them: their passwords are derived from the admin's, so that
    /// every node knows them and none is stored.
    /// </summary>
    /// <exception cref="RightsException">They cannot be made.</exception>
    public static async Task<GateLogins> EnsureAsync(
        RightsOptions.EphemeralRole options, CancellationToken cancellationToken)
    {
        await using var admin = await AdminDatabase.OpenAsync(
            options.AdminConnectionString, connections: 1, cancellationToken);
        try
        {
            var analyst = await EnsureAsync(admin, options, "analyst", cancellationToken);
            var counter = await EnsureAsync(admin, options, "counter", cancellationToken);
            await AllowTemporaryAsync(admin, analyst.Role, cancellationToken);
            await TryLetReadAsync(admin, counter.Role, cancellationToken);
            return new GateLogins(analyst.Connection, counter.Connection);
        }
        catch (PostgresException failure)
        {
            throw new RightsException(
                $"The gate's own logins cannot be made in database '{admin.Facts.DatabaseName}': " +
                $"{failure.MessageText} The admin needs CREATEROLE, and CREATE or TEMPORARY on the database to pass "
                + "on.",
                failure);
        }
    }

    private static async Task<(RoleName Role, string Connection)> EnsureAsync(
        AdminDatabase admin,
        RightsOptions.EphemeralRole options,
        string purpose,
        CancellationToken cancellationToken)
    {
        var role = new RoleName($"{RoleNames.Prefix}{purpose}_{admin.Facts.Database}");
        var password = PasswordFor(options.AdminConnectionString, role);
        await admin.InTransactionAsync(
            async (connection, _) =>
            {
                await AdvisoryLocks.TakeMakingAsync(connection, cancellationToken);
                var exists = await connection.ValueAsync<bool>(
                    "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", [role.Value], cancellationToken);
                var verb = exists ? "ALTER" : "CREATE";
                await connection.RunAsync(
                    $"{verb} ROLE {role.Quoted} LOGIN INHERIT NOCREATEDB NOCREATEROLE " +
                    $"PASSWORD {Sql.Literal(LeasePassword.Of(password).Verifier)}",
                    cancellationToken);
                await connection.RunAsync(
                    $"COMMENT ON ROLE {role.Quoted} IS {Sql.Literal(admin.Names.Mark)}", cancellationToken);
                foreach (var baseline in options.Grants)
                {
                    await connection.RunAsync(
                        $"GRANT {Sql.Identifier(baseline)} TO {role.Quoted}{admin.InheritOnly}", cancellationToken);
                }

                return true;
            },
            cancellationToken);
        var login = new NpgsqlConnectionStringBuilder(options.AdminConnectionString)
        {
            Username = role.Value,
            Password = password,
        };
        return (role, login.ConnectionString);
    }

    /// <summary>A statement is understood as the body of a temporary function that is rolled back.</summary>
    private static async Task AllowTemporaryAsync(
        AdminDatabase admin, RoleName role, CancellationToken cancellationToken)
    {
        await using var connection = await admin.ConnectAsync(cancellationToken);
        if (!await connection.ValueAsync<bool>(
            "SELECT has_database_privilege($1, current_database(), 'TEMP')", [role.Value], cancellationToken))
        {
            await connection.RunAsync(
                $"GRANT TEMPORARY ON DATABASE {Sql.Identifier(admin.Facts.DatabaseName)} TO {role.Quoted}",
                cancellationToken);
        }
    }

    /// <summary>Where the admin may not give it, counts see what every session may read.</summary>
    private static async Task TryLetReadAsync(
        AdminDatabase admin, RoleName role, CancellationToken cancellationToken)
    {
        await using var connection = await admin.ConnectAsync(cancellationToken);
        try
        {
            await connection.RunAsync($"GRANT pg_read_all_data TO {role.Quoted}{admin.InheritOnly}", cancellationToken);
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            // A preview says then what it could not count.
        }
    }

    private static string PasswordFor(string admin, RoleName role) => Convert.ToHexStringLower(HMACSHA256.HashData(
        Encoding.UTF8.GetBytes(new NpgsqlConnectionStringBuilder(admin).Password ?? admin),
        Encoding.UTF8.GetBytes($"countersign login {role.Value}")));
}
