using System.Collections.Immutable;

namespace Countersign.Server.Console.Views;

/// <summary>The reviews that wait, those for the reader first.</summary>
public sealed record QueueView(
    ImmutableArray<QueueItem> Yours, ImmutableArray<QueueItem> Others, bool IsCut, DateTimeOffset Now);

/// <summary>One waiting review.</summary>
public sealed record QueueItem
{
    public required string Id { get; init; }

    public required string Environment { get; init; }

    public required string Headline { get; init; }

    public required string Agent { get; init; }

    /// <summary>Why the rules ask.</summary>
    public required string Why { get; init; }

    /// <summary>How many of the needed approvals there are.</summary>
    public required string Progress { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }
}
