using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Gates.Postgres.Rights;
using Countersign.Gates.Postgres.Statements;
using Countersign.Tests.Postgres.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Countersign.Tests.Postgres.Rights;

/// <summary>
/// A database with an owner role, a baseline role that reads, and tables; roles carry the database's name, because the
/// server of all tests knows them by name alone.
/// </summary>
internal sealed class RightsDatabase
{
    private readonly string _superuser;

    private RightsDatabase(string superuser)
    {
        _superuser = superuser;
        Name = new NpgsqlConnectionStringBuilder(superuser).Database!;
    }

    public string Name { get; }

    public string Owner => $"{Name}_owner";

    public string Reader => $"{Name}_readonly";

    public string Maker => $"{Name}_maker";

    public RightsOptions.EphemeralRole Options => new(_superuser)
    {
        Grants = [Reader],
        Owner = Owner,
        PoolSize = 2,
    };

    /// <summary>The same with an admin who is no superuser and may make roles.</summary>
    public RightsOptions.EphemeralRole MakerOptions => Options with
    {
        AdminConnectionString = new NpgsqlConnectionStringBuilder(_superuser)
        {
            Username = Maker,
        }.ConnectionString,
    };

    public static async Task<RightsDatabase> CreateAsync(PostgresServer server)
    {
        var database = new RightsDatabase(await server.CreateDatabaseAsync());
        await database.RunAsync(
            $"""
            CREATE ROLE {database.Owner};
            CREATE ROLE {database.Reader};
            CREATE ROLE {database.Maker} LOGIN CREATEROLE PASSWORD '{PostgresServer.Password}';
            GRANT {database.Owner} TO {database.Maker};
            REVOKE TEMPORARY ON DATABASE {database.Name} FROM PUBLIC;
            GRANT CREATE ON DATABASE {database.Name} TO {database.Maker}, {database.Owner};
            GRANT CREATE ON SCHEMA public TO {database.Owner};
            SET ROLE {database.Owner};
            CREATE TABLE orders (id serial PRIMARY KEY, note text);
            CREATE SCHEMA shop;
            CREATE TABLE shop."Order lines" (id int GENERATED ALWAYS AS IDENTITY, n int);
            INSERT INTO orders (note) VALUES ('one'), ('two'), ('three');
            GRANT SELECT ON orders TO {database.Reader};
            RESET ROLE;
            """);
        return database;
    }

    public RightsOptions.EphemeralRole OptionsOf(bool isSuperuser) => isSuperuser ? Options : MakerOptions;

    public static Task<EphemeralRights> StartAsync(RightsOptions.EphemeralRole options, string node = "one") =>
        EphemeralRights.StartAsync(options, node, TimeProvider.System, NullLogger.Instance, Token);

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static ActionId Action { get; } = ActionId.Create(DateTimeOffset.UnixEpoch, new byte[10]);

    public async Task RunAsync(string sql)
    {
        await using var connection = await ConnectAsync(_superuser);
        await connection.RunAsync(sql, Token);
    }

    public async Task<T> ValueAsync<T>(string sql, params object[] parameters)
    {
        await using var connection = await ConnectAsync(_superuser);
        return await connection.ValueAsync<T>(sql, parameters, Token);
    }

    /// <summary>A session of an agent.</summary>
    public Task<NpgsqlConnection> ConnectAsync(Lease lease) => ConnectAsync(
        new NpgsqlConnectionStringBuilder(_superuser)
        {
            Username = lease.Login,
            Password = lease.Password.Reveal(),
        }.ConnectionString);

    public async Task<ImmutableArray<RelationUse>> UseAsync(string relation, RelationRights rights)
    {
        var oid = await ValueAsync<long>("SELECT $1::regclass::oid::bigint", relation);
        return [new RelationUse((uint)oid, new RelationName("public", relation), rights)];
    }

    public Task<long> MembershipsAsync(Lease lease) => ValueAsync<long>(
        "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = $1", lease.Login);

    public Task<string> OwnerOfAsync(string relation) => ValueAsync<string>(
        "SELECT relowner::regrole::text FROM pg_class WHERE oid = $1::regclass", relation);

    /// <summary>What the server sees when a node is killed: its connection ends, and nothing is cleaned.</summary>
    public async Task KillNodeAsync(string node)
    {
        var killed = await ValueAsync<long>(
            """
            SELECT count(pg_terminate_backend(l.pid, 10000)) FROM countersign.node n
            JOIN pg_locks l ON l.locktype = 'advisory' AND l.classid = $1::bigint::oid AND l.objid = n.id::oid
            WHERE n.name = $2 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """,
            (long)AdvisoryLocks.Space,
            node);
        Assert.Equal(1, killed);
    }

    /// <summary>Whether the server refuses it for want of a right; the transaction goes on either way.</summary>
    public static async Task<bool> IsForbiddenAsync(NpgsqlConnection session, string sql)
    {
        try
        {
            await session.RunAsync($"SAVEPOINT try; {sql}; RELEASE SAVEPOINT try", Token);
            return false;
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            await session.RunAsync("ROLLBACK TO SAVEPOINT try", Token);
            return true;
        }
    }

    private static async Task<NpgsqlConnection> ConnectAsync(string connectionString)
    {
        var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(Token);
        return connection;
    }
}
