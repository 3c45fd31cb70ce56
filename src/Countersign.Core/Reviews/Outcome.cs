using Countersign.Core.Redaction;

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
public sealed record Outcome(OutcomeState State, ReadOnlyMemory<byte>? Result, string? Error, TimeSpan Duration)
{
    /// <summary>How many values of which kind are masked in result and error.</summary>
    public RedactionReport Masked { get; init; } = RedactionReport.Empty;

    /// <summary>Whether the asker itself says so, of a permit that it claimed: the gateway saw nothing of it.</summary>
    public bool IsSelfReported { get; init; }
}
