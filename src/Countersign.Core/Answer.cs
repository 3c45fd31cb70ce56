using Countersign.Core.Records;

namespace Countersign.Core;

/// <summary>What an attached call is answered with.</summary>
public abstract record Answer
{
    private Answer()
    {
    }

    /// <summary>The action ended: executed, or refused, denied, expired, withdrawn. Its state says which.</summary>
    public sealed record Ended(ActionRecord Record) : Answer;

    /// <summary>Nobody decided within the caller's patience. Nothing was executed; calling again attaches.</summary>
    public sealed record StillPending(ActionRecord Record) : Answer;

    /// <summary>The agent asks too much; nothing was recorded.</summary>
    public sealed record Paused(string Reason) : Answer;

    /// <summary>People stopped the agent; nothing was recorded.</summary>
    public sealed record Stopped(string Reason) : Answer;

    /// <summary>The idempotency key belongs to another request.</summary>
    public sealed record IdempotencyConflict(ActionRecord Earlier) : Answer;
}

/// <summary>A live call that waits for its answer.</summary>
/// <param name="Execute">How the gate sends the approved bytes.</param>
/// <param name="Patience">How long the caller can be kept waiting for a decision.</param>
/// <param name="OnHeld">Told once the review is open, so that the gate can keep its caller informed.</param>
public sealed record Call(ActionExecutor Execute, TimeSpan Patience, Action<ActionRecord> OnHeld)
{
    /// <summary>
    /// Whether the caller goes as soon as people have to decide, and asks for the outcome by id. The approval is then
    /// taken by the node that records it.
    /// </summary>
    public bool LeavesWhenHeld { get; init; }

    /// <summary>
    /// Whether the caller goes in the same way when its patience ends while people still decide (DESIGN section 2.7:
    /// over HTTP, once a 202 was answered).
    /// </summary>
    public bool LeavesAtLast { get; init; }
}
