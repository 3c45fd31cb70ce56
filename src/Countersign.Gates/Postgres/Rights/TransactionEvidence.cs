using System.Globalization;
using Npgsql;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>Asks the server what became of a transaction; anybody who may connect may ask.</summary>
internal static class TransactionEvidence
{
    public static async Task<TransactionFate> FateOfAsync(
        NpgsqlConnection connection, ulong xid, CancellationToken cancellationToken)
    {
        try
        {
            var statuses = await connection.RowsAsync(
                "SELECT coalesce(pg_xact_status($1::xid8), '')",
                [xid.ToString(CultureInfo.InvariantCulture)],
                row => row.GetString(0),
                cancellationToken);
            return statuses.Single() switch
            {
                "committed" => TransactionFate.Committed,
                "aborted" => TransactionFate.Aborted,
                "in progress" => TransactionFate.InProgress,
                _ => TransactionFate.Unknown,
            };
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InvalidParameterValue)
        {
            // A transaction of the future: this server was restored or failed over since, and cannot know.
            return TransactionFate.Unknown;
        }
    }
}
