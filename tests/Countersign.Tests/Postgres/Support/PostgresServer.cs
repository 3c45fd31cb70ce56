using Npgsql;

[assembly: AssemblyFixture(typeof(Countersign.Tests.Postgres.Support.PostgresServer))]

namespace Countersign.Tests.Postgres.Support;

/// <summary>A PostgreSQL of its own for all tests of this assembly, started when the first one asks for it.</summary>
public sealed class PostgresServer : IDisposable
{
    public const string Superuser = "postgres";
    public const string Password = "for tests only";

    private readonly Lock _lock = new();
    private RunningPostgres? _running;
    private int _databases;

    /// <summary>A new, empty database, as Npgsql connection string of the superuser.</summary>
    public Task<string> CreateDatabaseAsync() => CreateDatabaseAsync(Start());

    /// <summary>The same on another server.</summary>
    internal async Task<string> CreateDatabaseAsync(RunningPostgres server)
    {
        var name = $"test{Interlocked.Increment(ref _databases)}";
        await using var source = NpgsqlDataSource.Create(server.ConnectionString("postgres"));
        await using var create = source.CreateCommand($"CREATE DATABASE {name}");
        await create.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return server.ConnectionString(name);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _running?.Stop();
            _running = null;
        }
    }

    private RunningPostgres Start()
    {
        lock (_lock)
        {
            return _running ??= RunningPostgres.Start();
        }
    }
}
