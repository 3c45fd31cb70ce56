namespace Countersign.Core.Reads;

/// <summary>How much may run before it is recorded, and how much one entry carries.</summary>
public sealed record ReadLimits
{
    /// <summary>Reads of one window: what an unclean stop may leave unrecorded at most.</summary>
    public long WindowReads { get; init; } = 50_000;

    /// <summary>How long reads may begin in one window.</summary>
    public TimeSpan WindowTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Reads that one entry carries; a session's next ones go into another entry.</summary>
    public int EntryReads { get; init; } = 1_000;

    /// <summary>Bytes of texts and parameters that one entry carries, unless a single read has more.</summary>
    public int EntryBytes { get; init; } = 256 * 1024;

    /// <summary>
    /// Entries of one session that may wait for the store; then its next read waits too, or is refused when the store
    /// fails, so that memory is bounded.
    /// </summary>
    public int WaitingEntries { get; init; } = 4;

    /// <summary>
    /// How long reads that the journal keeps wait for others to share their entry. The sweep looks, so it may be a
    /// second more.
    /// </summary>
    public TimeSpan JournalTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The next window is opened when so much of one is left, as one part of so many.</summary>
    internal const int LastPart = 4;
}
