using System.Collections.Immutable;
using Countersign.Core.Identity;

namespace Countersign.Core.Reviews;

/// <summary>
/// What a reviewer's dry run showed: the action was run where nothing of it stays, and its target said what came of it.
/// </summary>
/// <param name="By">Who asked for it.</param>
/// <param name="At">When it ended.</param>
/// <param name="Finding">What came of it.</param>
public sealed record Rehearsal(PersonId By, DateTimeOffset At, RehearsalFinding Finding);

/// <summary>What the target said.</summary>
public sealed record RehearsalFinding
{
    /// <summary>How each part of the action ended, in the target's words.</summary>
    public ImmutableArray<string> Commands { get; init; } = [];

    /// <summary>How many rows it concerned.</summary>
    public long? Rows { get; init; }

    /// <summary>Why it would fail; <c>null</c> when it would not.</summary>
    public string? Error { get; init; }

    /// <summary>What taking it back does not undo, or does not show.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];

    public TimeSpan Duration { get; init; }
}
