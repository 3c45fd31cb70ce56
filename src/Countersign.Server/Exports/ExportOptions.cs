namespace Countersign.Server.Exports;

/// <summary>Which part of the log to hand out.</summary>
/// <param name="From">A size that a checkpoint was signed for, or 0: the first row is this entry.</param>
/// <param name="To">A size that a checkpoint was signed for; <c>null</c> is the latest.</param>
/// <param name="WithPayloads">Whether what the entries say goes with them, each with the key that proves it.</param>
/// <param name="Reason">What for; the ledger keeps it.</param>
internal sealed record ExportOptions(long From, long? To, bool WithPayloads, string Reason)
{
    public const int MaxReason = 1000;
}

/// <summary>An export that cannot be made as it was asked for; the text says why, and what would do.</summary>
internal sealed class ExportRefusedException(string reason) : Exception(reason);
