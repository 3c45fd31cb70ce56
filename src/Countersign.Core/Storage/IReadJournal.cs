using System.Collections.Immutable;
using Countersign.Core.Actions;

namespace Countersign.Core.Storage;

/// <summary>
/// Keeps records durable until the entry they belong to is: a flush costs a small part of a commit. It belongs to one
/// process, and what a crash leaves in it is found by the next one.
/// </summary>
public interface IReadJournal
{
    /// <summary>What an earlier process left; <c>null</c> when it left nothing, or nothing any more.</summary>
    JournalRemains? Remains { get; }

    /// <summary>Adds a record; it is durable when a <see cref="FlushAsync"/> that was begun later has ended.</summary>
    /// <param name="subject">The entry that will tell of it, as its action.</param>
    /// <param name="record">Copied before this returns.</param>
    void Append(ActionId subject, ReadOnlySpan<byte> record);

    /// <summary>Ends when everything is durable that was added before.</summary>
    /// <exception cref="StoreUnavailableException">It may not be, and neither will what is added from now
    /// on.</exception>
    Task FlushAsync();

    /// <summary>The entry is durable, or never will be needed: its records may go.</summary>
    void Settle(ActionId subject);

    /// <summary>Entries tell of all that was left.</summary>
    void ForgetRemains();
}

/// <summary>Records that an earlier process did not settle.</summary>
/// <param name="Records">Oldest first; settled ones may be among them.</param>
/// <param name="WhyNotWhole">Why some may be missing; <c>null</c> when all are here that were durable.</param>
public sealed record JournalRemains(ImmutableArray<JournalRecord> Records, string? WhyNotWhole);

/// <summary>One record and the entry that was to tell of it.</summary>
public readonly record struct JournalRecord(ActionId Subject, ReadOnlyMemory<byte> Bytes);
