using System.Collections.Immutable;
using Countersign.Core.Redaction;
using Countersign.Core.Reviews;

namespace Countersign.Gates.Api;

/// <summary>What the JSON of an action depends on besides the action: who reads it, and where.</summary>
internal sealed record ActionView
{
    /// <summary>What the reading person may do; <c>null</c> for agents.</summary>
    public VotingRight? Right { get; init; }

    /// <summary>Whose approval would return an earlier one; nobody's for agents.</summary>
    public ImmutableArray<Favour> Owed { get; init; } = [];

    public string? Owner { get; init; }

    public ImmutableArray<Tally> Tallies { get; init; } = [];

    public required Uri Url { get; init; }

    /// <summary>How many values of which kind the reader does not see.</summary>
    public RedactionReport Hidden { get; init; } = RedactionReport.Empty;

    public bool WithResult { get; init; }
}
