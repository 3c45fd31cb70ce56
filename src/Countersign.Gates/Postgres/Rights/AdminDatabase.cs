using System.Globalization;
using Npgsql;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>The target's database as the configured <c>admin</c> sees it.</summary>
internal sealed class AdminDatabase : IAsyncDisposable
{
    private const int OldestVersion = 140_000;
    private const int MostAttempts = 10;
    private const int CommandTimeoutSeconds = 30;
    private const int PreparedStatements = 16;

    // A statement of ours that waits longer for a lock is waiting for a session that the gate itself holds up. The
    // others are defaults that an operator may have changed for this database, and on which the steps here rely:
    // what is read after a lock was taken has to be what is there then.
    private const string Settings =
        @"-c lock_timeout=10s -c idle_session_timeout=0 -c default_transaction_read_only=off "
        + @"-c default_transaction_isolation=read\ committed";

    private readonly NpgsqlDataSource _source;

    private readonly string _apart;

    private AdminDatabase(NpgsqlDataSource source, string apart, AdminFacts facts)
    {
        _source = source;
        _apart = apart;
        Facts = facts;
        Names = new RoleNames(facts.Database);
    }

    public AdminFacts Facts { get; }

    public RoleNames Names { get; }

    /// <summary>What a GRANT of a role says where it can: its rights are used, and it is not put on.</summary>
    public string InheritOnly => HasMembershipOptions ? " WITH INHERIT TRUE, SET FALSE" : "";

    /// <summary>Its rights are used, and objects may be given to it.</summary>
    public string InheritAndSet => HasMembershipOptions ? " WITH INHERIT TRUE, SET TRUE" : "";

    public bool HasMembershipOptions => Facts.Version >= AdminFacts.WithMembershipOptions;

    public static async Task<AdminDatabase> OpenAsync(
        string connectionString, int connections, CancellationToken cancellationToken)
    {
        var text = new NpgsqlConnectionStringBuilder(connectionString);
        text.Pooling = true;
        text.MinPoolSize = 0;
        text.MaxPoolSize = connections;
        text.CommandTimeout = CommandTimeoutSeconds;
        // Planning the look at a relation's role costs several times what running it does.
        text.MaxAutoPrepare = PreparedStatements;
        text.ApplicationName = "countersign";
        // A superuser's session that looked into other schemas could be made to call what an agent left there.
        text.SearchPath = "pg_catalog";
        text.Options = string.IsNullOrEmpty(text.Options) ? Settings : $"{text.Options} {Settings}";
        var source = NpgsqlDataSource.Create(text);
        text.Pooling = false;
        try
        {
            await using var connection = await source.OpenLiveAsync(cancellationToken);
            var facts = await ReadFactsAsync(connection, cancellationToken);
            return new AdminDatabase(source, text.ConnectionString, facts);
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }
    }

    public ValueTask<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken) =>
        _source.OpenLiveAsync(cancellationToken);

    /// <summary>A connection outside of the pool: what it holds ends when it is closed, not when reused.</summary>
    public async Task<NpgsqlConnection> ConnectApartAsync(CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(_apart);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Runs the work in one transaction, again when another node or the operator changed the same row of a catalog.
    /// </summary>
    public async Task<T> InTransactionAsync<T>(
        Func<NpgsqlConnection, NpgsqlTransaction, Task<T>> work, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await ConnectAsync(cancellationToken);
                await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
                var result = await work(connection, transaction);
                await transaction.CommitAsync(cancellationToken);
                return result;
            }
            catch (PostgresException exception) when (attempt < MostAttempts && IsCollision(exception))
            {
                // The other side is done when this is raised, so the next attempt goes further.
            }
        }
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    /// <summary>PostgreSQL reports two writers of one catalog row as an internal error.</summary>
    private static bool IsCollision(PostgresException exception) => exception.SqlState switch
    {
        PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected => true,
        PostgresErrorCodes.InternalError =>
            exception.MessageText.StartsWith("tuple concurrently", StringComparison.Ordinal),
        _ => false,
    };

    private static async Task<AdminFacts> ReadFactsAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string query =
            """
            SELECT d.oid::bigint, d.datname::text, r.rolname::text, r.rolsuper, r.rolcreaterole,
                   current_setting('server_version_num'), pg_is_in_recovery()
            FROM pg_database d, pg_roles r
            WHERE d.datname = current_database() AND r.rolname = current_user
            """;
        var (facts, isStandby) = (await connection.RowsAsync(
            query,
            [],
            row => (
                new AdminFacts(
                    row.GetInt64(0),
                    row.GetString(1),
                    new RoleName(row.GetString(2)),
                    IsSuperuser: row.GetBoolean(3),
                    MayMakeRoles: row.GetBoolean(3) || row.GetBoolean(4),
                    int.Parse(row.GetString(5), CultureInfo.InvariantCulture)),
                row.GetBoolean(6)),
            cancellationToken)).Single();
        Require(facts, isStandby);
        return facts;
    }

    private static void Require(AdminFacts facts, bool isStandby)
    {
        if (facts.Version < OldestVersion)
        {
            throw new RightsException(
                $"The server of database '{facts.DatabaseName}' is older than PostgreSQL 14, which this gate needs.");
        }

        if (isStandby)
        {
            throw new RightsException(
                $"The server of database '{facts.DatabaseName}' is a standby, where no role can be made: let "
                + "credentials.admin name the primary, or use credentials.mode: static.");
        }

        if (!facts.MayMakeRoles)
        {
            throw new RightsException(
                $"The role '{facts.Admin}' (credentials.admin) may not make roles. As a superuser run: "
                + $"ALTER ROLE {facts.Admin.Quoted} CREATEROLE; or use credentials.mode: static.");
        }
    }
}
