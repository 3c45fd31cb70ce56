using System.Collections.Immutable;

namespace Countersign.Server.Console.Views;

/// <summary>Ended actions, newest first.</summary>
public sealed record HistoryView(ImmutableArray<HistoryItem> Items, HistoryFilterView Filter, DateTimeOffset Now)
{
    /// <summary>The address of older actions; <c>null</c> when there are none.</summary>
    public string? Older { get; init; }
}

public sealed record HistoryItem
{
    public required string Id { get; init; }

    public required string Environment { get; init; }

    public required string Headline { get; init; }

    /// <summary>What tells it from others of the same operation.</summary>
    public required GlimpseView Glimpse { get; init; }

    public required string Agent { get; init; }

    public required string State { get; init; }

    public required string StateText { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>What the list can be narrowed to, and what it is narrowed to.</summary>
public sealed record HistoryFilterView(
    ImmutableArray<string> States, ImmutableArray<string> Targets, ImmutableArray<string> Agents)
{
    public string State { get; init; } = "";

    public string Target { get; init; } = "";

    public string Agent { get; init; } = "";

    public bool IsSet => State.Length + Target.Length + Agent.Length > 0;
}
