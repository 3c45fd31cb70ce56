using System.Collections.Immutable;

namespace Countersign.Server.Console.Views;

/// <summary>A page of the reviews that wait, those for the reader first.</summary>
public sealed record QueueView(
    ImmutableArray<QueueItem> Yours, ImmutableArray<QueueItem> Others, DateTimeOffset Now)
{
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
