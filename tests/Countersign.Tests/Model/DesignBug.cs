namespace Countersign.Tests.Model;

/// <summary>
/// The mistakes of design that the explorer must find when they are made on purpose; without them it must find nothing.
/// </summary>
public enum DesignBug
{
    None,

    /// <summary>A commit overwrites a row that changed since it was read.</summary>
    NoCompareAndSet,

    /// <summary>A node sends before its claim is durable.</summary>
    EffectBeforeClaim,

    /// <summary>An execution whose node is gone is put back to approved.</summary>
    ReaperRequeues,

    /// <summary>The owner of the agent counts as a stranger because the account is another one.</summary>
    SelfApprovalByAccount,

    /// <summary>Nobody looks at the clock when a grant is taken.</summary>
    NoExpiryAtClaim,

    /// <summary>A vote counts for what is there, not for what the voter was shown.</summary>
    NoDigestBinding,

    /// <summary>The second vote of one person counts as that of another.</summary>
    DuplicateVoteCounts,

    /// <summary>The accounts of one person in two channels count as two persons.</summary>
    AccountIsPerson,

    /// <summary>A denial after an approval is noted and changes nothing.</summary>
    DenyIgnoredAfterApprove,

    /// <summary>A node that does not hear whether its report was written sends again.</summary>
    LostAcknowledgementSentAgain,

    /// <summary>Nobody looks after a claim whose acknowledgement was lost.</summary>
    LostAcknowledgementNeverReaped,

    /// <summary>A target that knows nothing of an execution is taken to prove that there was none.</summary>
    SilenceProvesFailure,

    /// <summary>Who is told that its claim was not taken acts all the same.</summary>
    RefusedClaimActs,

    /// <summary>A claimed permit is open until its taker says what became of it, however long that takes.</summary>
    SilenceIsWaitedFor,
}

/// <summary>Who takes an approval and acts on it.</summary>
public enum Taker
{
    /// <summary>A node, which the others look after when it is gone.</summary>
    Node,

    /// <summary>Whoever asked, with a permit: nobody looks after it, and only time ends its silence.</summary>
    Asker,
}

/// <summary>What is explored.</summary>
/// <param name="Taker">Who takes the approval.</param>
/// <param name="MaxInFlight">How many changes may be on the way to the store at once.</param>
/// <param name="Channels">In how many channels each person may answer at once.</param>
internal sealed record Scene(Taker Taker, int MaxInFlight, int Channels = 1)
{
    /// <summary>
    /// Three answers at once make too many worlds to add modifications, changes of policy and crashes to each.
    /// </summary>
    public bool IsOnlyAboutVotes => Channels > 1;
}
