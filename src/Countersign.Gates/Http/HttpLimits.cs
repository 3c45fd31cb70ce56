namespace Countersign.Gates.Http;

/// <summary>What agents and targets may cost this gate.</summary>
internal sealed record HttpLimits
{
    /// <summary>How long a held request waits when it does not say (<c>Prefer: wait=N</c>); then comes a 202.</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(50);

    /// <summary>The longest wait that a request can ask for.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>When a caller that got a 202 is told to come back.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Requests of one agent that wait or run at the same time on this node.</summary>
    public int RequestsPerAgent { get; init; } = 256;

    /// <summary>How long connecting to a target may take.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a target may take to begin its answer.</summary>
    public TimeSpan FirstByte { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a target may be silent in the middle of its answer.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a target may take to say what a request would do; then nobody knows.</summary>
    public TimeSpan Preview { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The bytes of an answer that are recorded; what is longer is passed on, and recorded as far as this goes.
    /// </summary>
    public int Recorded { get; init; } = 256 * 1024;

    /// <summary>How long the recorded part is waited for; an answer that trickles is passed on as it comes.</summary>
    public TimeSpan Head { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest answer that is kept for a caller who comes back for it.</summary>
    public int Kept { get; init; } = 10 * 1024 * 1024;

    /// <summary>The longest document whose fields are masked: that can be done to a whole one only.</summary>
    public int Masked { get; init; } = 32 * 1024 * 1024;

    /// <summary>Largest body after it was decompressed to be looked at.</summary>
    public int Decompressed { get; init; } = 10 * 1024 * 1024;

    /// <summary>How many times larger a body may become when it is decompressed.</summary>
    public int Ratio { get; init; } = 100;

    /// <summary>The longest answer that is passed on.</summary>
    public long Response { get; init; } = 4L * 1024 * 1024 * 1024;

    /// <summary>The longest body of a request.</summary>
    public int Body { get; init; } = 10 * 1024 * 1024;
}
