using System.Collections.Immutable;
using Countersign.Core.Reviews;

namespace Countersign.Gates.Api;

/// <summary>What the JSON of an action depends on besides the action: who reads it, and where.</summary>
internal sealed record ActionView
{
    /// <summary>What the reading person may do; <c>null</c> for agents.</summary>
    public VotingRight? Right { get; init; }

    public string? Owner { get; init; }

    public ImmutableArray<Tally> Tallies { get; init; } = [];

    public required Uri Url { get; init; }

    public bool WithResult { get; init; }
}
