using Npgsql;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>
/// Says that this node is alive: a connection that holds an advisory lock with the node's number. The server lets go
/// of it when the node dies, however it dies, so that no clock decides who is gone.
/// </summary>
internal sealed class NodePresence(AdminDatabase database, string name) : IAsyncDisposable
{
    // A node that vanished with its network is noticed by TCP: 10 s of silence, then 3 probes.
    private const string Settings =
        """
        SET tcp_keepalives_idle = 10;
        SET tcp_keepalives_interval = 5;
        SET tcp_keepalives_count = 3;
        SET application_name = 'countersign node';
        """;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private NpgsqlConnection? _connection;
    private int _id;

    /// <summary>This node's number, registered and held; asks the server whether it still is when told to.</summary>
    public async Task<int> EnsureAsync(bool isProbing, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_connection is null || (isProbing && !await IsHeldAsync(_connection, cancellationToken)))
            {
                await LetGoAsync();
                _connection = await RegisterAsync(cancellationToken);
            }

            return _id;
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await LetGoAsync();
        _turn.Dispose();
    }

    private async Task<bool> IsHeldAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            return await connection.ValueAsync<bool>(
                "SELECT EXISTS (SELECT FROM countersign.node WHERE id = $1)", [_id], cancellationToken);
        }
        catch (NpgsqlException)
        {
            // Whatever ended the connection, the lock went with it.
            return false;
        }
    }

    private async Task<NpgsqlConnection> RegisterAsync(CancellationToken cancellationToken)
    {
        var connection = await database.ConnectApartAsync(cancellationToken);
        try
        {
            await connection.RunAsync(Settings, cancellationToken);
            if (_id == 0 || !await TryReturnAsync(connection, cancellationToken))
            {
                // One statement: nobody sees the row before its lock is held.
                _id = await connection.ValueAsync<int>(
                    $"""
                    WITH made AS (INSERT INTO countersign.node (name) VALUES ($1) RETURNING id)
                    SELECT id FROM made, pg_advisory_lock({AdvisoryLocks.Space}, id)
                    """,
                    [name],
                    cancellationToken);
            }

            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>After a broken connection the node is who it was, unless another one swept it meanwhile.</summary>
    private async Task<bool> TryReturnAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await connection.RunAsync(
            $"SELECT pg_advisory_lock({AdvisoryLocks.Space}, $1)", [_id], cancellationToken);
        return await connection.ValueAsync<bool>(
            "SELECT EXISTS (SELECT FROM countersign.node WHERE id = $1)", [_id], cancellationToken);
    }

    private async Task LetGoAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            await connection.DisposeAsync();
        }
    }
}
