using System.Collections.Immutable;

namespace Countersign.Core.Actions;

/// <summary>What an action would do, as far as the gate could find out without doing it.</summary>
public sealed record Preview(string Summary)
{
    /// <summary>
    /// What would run, written by the gateway in one form instead of as it came; <c>null</c> where the gate has none.
    /// </summary>
    public string? Statement { get; init; }

    /// <summary>The statement's parameters, each with its type.</summary>
    public ImmutableArray<string> Parameters { get; init; } = [];

    public long? Rows { get; init; }

    /// <summary>Whether <see cref="Rows"/> was counted (true) or estimated (false).</summary>
    public bool? Exact { get; init; }

    /// <summary>Rows that go along; <c>null</c> when nobody said, which is not the same as none.</summary>
    public ImmutableArray<Cascade>? Cascades { get; init; } = [];

    public ImmutableArray<string> Locks { get; init; } = [];

    public ImmutableArray<string> Effects { get; init; } = [];

    public bool? Reversible { get; init; }

    /// <summary>How many bytes it would read, write or move.</summary>
    public long? Bytes { get; init; }

    /// <summary>
    /// What the target calls the state that people looked at, such as an <c>ETag</c>; the action runs on that state
    /// only.
    /// </summary>
    public string? Tag { get; init; }

    /// <summary>Why there is no better preview.</summary>
    public string? Error { get; init; }

    /// <summary>A preview that nobody could make: it knows nothing, and says why.</summary>
    public static Preview Failed(string error) => new("") { Cascades = null, Error = error };
}

/// <summary>Rows of another relation that go along.</summary>
public sealed record Cascade(string Relation, long Rows);
