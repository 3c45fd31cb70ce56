using System.Collections.Immutable;

namespace Countersign.Server.Console.Views;

/// <summary>Entries of the ledger, newest first, and the checkpoint that covers them.</summary>
public sealed record LedgerView(
    ImmutableArray<EntryView> Entries, long Size, string? Checkpoint, DateTimeOffset Now)
{
    /// <summary>The address of older entries; <c>null</c> when there are none.</summary>
    public string? Older { get; init; }
}

/// <summary>What a leaf says.</summary>
public sealed record EntryView(long Index, string Type, DateTimeOffset At, string? Action, string Payload);
