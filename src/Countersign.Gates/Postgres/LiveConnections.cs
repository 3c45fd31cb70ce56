using Npgsql;

namespace Countersign.Gates.Postgres;

/// <summary>
/// Connections out of pools that outlive the database's restarts. A pool learns of a restart only by connections that
/// fail, one after the other, and each would cost somebody a log-in, an analysis, or an approval.
/// </summary>
internal static class LiveConnections
{
    /// <summary>A connection that answers; where a pooled one does not, the others are given up with it.</summary>
    /// <exception cref="NpgsqlException">The database cannot be reached.</exception>
    public static async ValueTask<NpgsqlConnection> OpenLiveAsync(
        this NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        var connection = await source.OpenConnectionAsync(cancellationToken);
        try
        {
            await using var question = new NpgsqlCommand("SELECT 1", connection);
            await question.ExecuteNonQueryAsync(cancellationToken);
            return connection;
        }
        catch (NpgsqlException)
        {
            await connection.DisposeAsync();
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        source.Clear();
        return await source.OpenConnectionAsync(cancellationToken);
    }
}
