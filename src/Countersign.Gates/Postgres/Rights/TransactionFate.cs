namespace Countersign.Gates.Postgres.Rights;

/// <summary>What became of a transaction.</summary>
internal enum TransactionFate
{
    /// <summary>The server does not say: it is too long ago, or the server is not the one that ran it.</summary>
    Unknown,
    InProgress,
    Committed,
    Aborted,
}
