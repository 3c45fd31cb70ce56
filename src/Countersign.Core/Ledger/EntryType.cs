namespace Countersign.Core.Ledger;

/// <summary>What an entry of the ledger says (DESIGN section 5).</summary>
public enum EntryType
{
    ActionRequested,
    ActionExecuted,
    ActionRefused,
    ActionWithdrawn,
    ReviewOpened,
    ReviewVote,
    ReviewModified,
    ReviewDecided,
    ReviewExpired,
    ExecutionIntent,
    ExecutionOutcome,
    DefinitionAccepted,
}
