using Countersign.Core.Actions;
using Countersign.Core.Reviews;

namespace Countersign.Core.Storage;

/// <summary>
/// A window in which reads may run before they are recorded (DESIGN section 2.5), as long as it is open.
/// </summary>
/// <param name="Entry">Index of the <c>recording.window</c> entry that declared it; its name.</param>
/// <param name="Target">Where the reads run.</param>
/// <param name="Node">Through which node.</param>
/// <param name="Reads">How many may run in it.</param>
/// <param name="Recorded">How many have been recorded.</param>
/// <param name="Until">Until when they may begin.</param>
public sealed record RecordingWindow(
    long Entry, TargetName Target, NodeId Node, long Reads, long Recorded, DateTimeOffset Until)
{
    /// <summary>How many reads may have run that no entry tells of.</summary>
    public long Missing => Math.Max(0, Reads - Recorded);
}

/// <summary>What a change does to a window.</summary>
public abstract record WindowWrite
{
    private WindowWrite()
    {
    }

    /// <summary>Opens one, named by the change's <c>recording.window</c> entry.</summary>
    public sealed record Opens(TargetName Target, NodeId Node, long Reads, DateTimeOffset Until) : WindowWrite;

    /// <summary>Records reads that ran in one; one that has ended meanwhile keeps them from nothing.</summary>
    public sealed record Records(long Window, long Reads) : WindowWrite;

    /// <summary>Ends one, complete or with a gap; when it is not open any more, <c>WindowEnded</c>.</summary>
    public sealed record Ends(long Window) : WindowWrite;
}
