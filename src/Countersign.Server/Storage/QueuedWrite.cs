using Countersign.Core.Storage;

namespace Countersign.Server.Storage;

/// <summary>Something that waits to be part of a commit, and how much of one it takes.</summary>
internal abstract class QueuedWrite(ChangePriority priority, int entries, long bytes)
{
    public ChangePriority Priority { get; } = priority;

    public int Entries { get; } = entries;

    public long Bytes { get; } = bytes;
}
