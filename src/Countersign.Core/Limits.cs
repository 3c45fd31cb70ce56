namespace Countersign.Core;

/// <summary>What one agent may ask of the gateway and of its reviewers (<c>limits:</c> in the configuration).</summary>
public sealed record Limits
{
    /// <summary>Open reviews of one agent; more are refused with <c>agent-paused</c>.</summary>
    public int PendingPerAgent { get; init; } = 200;

    /// <summary>Reviews one agent may open within a minute.</summary>
    public int ReviewsPerAgentPerMinute { get; init; } = 120;

    /// <summary>Largest request body, in bytes.</summary>
    public long Body { get; init; } = 10 * 1024 * 1024;

    /// <summary>Deepest nesting of arguments.</summary>
    public int Depth { get; init; } = 64;

    /// <summary>Longest SQL statement, in bytes.</summary>
    public long Statement { get; init; } = 64 * 1024;
}
