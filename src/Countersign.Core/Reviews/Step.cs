using System.Collections.Immutable;
using Countersign.Core.Ledger;

namespace Countersign.Core.Reviews;

/// <summary>The answer of the lifecycle to one event.</summary>
public abstract record Step
{
    private Step()
    {
    }

    /// <summary>The event is legal: where the action stands next, and the ledger entries that have to say so.</summary>
    public sealed record To(Life Life, ImmutableArray<EntryType> Entries) : Step;

    /// <summary>The event is refused, and nothing changes.</summary>
    public sealed record Refused(StepRefusal Why) : Step;
}

/// <summary>Why an event was refused; the names are the problem slugs of the API.</summary>
public enum StepRefusal
{
    SelfApproval,
    NotEligible,
    AssuranceTooLow,
    StaleDigest,
    AlreadyDecided,
    AlreadyVoted,
    Expired,

    /// <summary>The action is not in a state in which this can happen.</summary>
    OutOfOrder,

    /// <summary>Too few of the approvals still count with today's people.</summary>
    ApprovalLapsed,

    /// <summary>The report is about an execution that is over.</summary>
    StaleFence,
}
