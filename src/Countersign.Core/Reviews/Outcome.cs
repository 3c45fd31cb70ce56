namespace Countersign.Core.Reviews;

/// <summary>How an execution ended, honestly: what cannot be known is <c>Unknown</c>.</summary>
public enum OutcomeState
{
    Succeeded,
    Failed,
    Unknown,
}

/// <summary>The result of the one attempt.</summary>
/// <param name="State">What is known.</param>
/// <param name="Result">The target's answer as JSON bytes, bounded by the gate; <c>null</c> when there is none.</param>
/// <param name="Error">Why it failed or is unknown, and what to do; <c>null</c> on success.</param>
/// <param name="Duration">From the claim to the answer.</param>
public sealed record Outcome(OutcomeState State, ReadOnlyMemory<byte>? Result, string? Error, TimeSpan Duration);
