using System.Collections.Frozen;

namespace Countersign.Core.Receipts;

/// <summary>
/// Every reason for which a receipt does not verify; <c>docs/reference/receipts.md</c> explains each.
/// </summary>
public enum Doubt
{
    // Step 1: whom the reader trusts.
    Unreadable,
    NoTrust,
    Unsigned,
    ForgedSignature,
    UnknownSignature,
    OtherOrigin,

    // Step 2: the entries are in the log.
    NotIncluded,
    StrayEntry,
    BrokenChain,
    TimeWentBack,

    // Step 3: what the entries say.
    PayloadMissing,
    PayloadChanged,
    PayloadUnreadable,
    DigestDiffers,
    CardDiffers,

    // Steps 4 to 10: signed votes.
    StatementDiffers,
    ClientData,
    RelyingParty,
    Flags,
    Signature,
    Enrolment,
    Revoked,

    // Step 11: what was decided is what was done.
    OutOfOrder,
    VerdictDiffers,
    TooFewVotes,
    SelfApproval,
    IntentDiffers,
    TooLate,
    UsedTooOften,

    // Step 12: how it ended.
    NotEnded,
    OutcomeMissing,
}

/// <summary>The spelling of doubts, and the step that each belongs to.</summary>
public static class Doubts
{
    private static readonly FrozenDictionary<Doubt, int> Steps = Enum.GetValues<Doubt>().ToFrozenDictionary(
        doubt => doubt,
        doubt => doubt switch
        {
            < Doubt.NotIncluded => 1,
            < Doubt.PayloadMissing => 2,
            < Doubt.StatementDiffers => 3,
            < Doubt.OutOfOrder => 4 + (doubt - Doubt.StatementDiffers),
            < Doubt.NotEnded => 11,
            _ => 12,
        });

    /// <summary>The number of the step, from 1 to 12.</summary>
    public static int StepOf(this Doubt doubt) => Steps[doubt];

    /// <summary>The word in documents and in <c>--json</c>: <c>payload-missing</c>.</summary>
    public static string ToText(this Doubt doubt) => string.Concat(doubt.ToString().Select(
        (letter, i) => i > 0 && char.IsUpper(letter) ? $"-{char.ToLowerInvariant(letter)}"
            : $"{char.ToLowerInvariant(letter)}"));
}
