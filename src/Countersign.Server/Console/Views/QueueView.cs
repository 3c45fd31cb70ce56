using System.Collections.Immutable;

namespace Countersign.Server.Console.Views;

/// <summary>A page of the reviews that wait, those for the reader first.</summary>
public sealed record QueueView(
    ImmutableArray<QueueItem> Yours, ImmutableArray<QueueItem> Others, DateTimeOffset Now)
{
    /// <summary>How many wait for the reader, on all pages.</summary>
    public int YoursInAll { get; init; }

    /// <summary>How many wait for others, on all pages.</summary>
    public int OthersInAll { get; init; }

    /// <summary>What the list was filtered by; empty when it was not.</summary>
    public string Find { get; init; } = "";

    /// <summary>Whether more wait than the filter and the numbers cover.</summary>
    public bool IsCut { get; init; }

    /// <summary>What everybody should look at; <c>null</c> when there is nothing.</summary>
    public string? Alert { get; init; }

    /// <summary>How often the glass was broken lately; <c>null</c> when it was not.</summary>
    public string? Glass { get; init; }

    /// <summary>Where the first page is; <c>null</c> on that page.</summary>
    public string? First { get; init; }

    /// <summary>Where the next page is; <c>null</c> on the last one.</summary>
    public string? Next { get; init; }

    public bool IsEmpty => Yours.IsEmpty && Others.IsEmpty;
}

/// <summary>One waiting review.</summary>
public sealed record QueueItem
{
    public required string Id { get; init; }

    public required string Environment { get; init; }

    public required string Headline { get; init; }

    public required string Agent { get; init; }

    /// <summary>What tells it from others of the same operation.</summary>
    public required GlimpseView Glimpse { get; init; }

    /// <summary>Whether the preview says that it cannot be undone.</summary>
    public required bool IsIrreversible { get; init; }

    /// <summary>Why the rules ask.</summary>
    public required string Why { get; init; }

    /// <summary>How many of the needed approvals there are.</summary>
    public required string Progress { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }
}
