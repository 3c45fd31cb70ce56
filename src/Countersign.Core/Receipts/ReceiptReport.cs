using System.Collections.Immutable;

namespace Countersign.Core.Receipts;

/// <summary>What a verifier found out about one receipt.</summary>
/// <param name="Receipt">What was read; <c>null</c> when the file is no receipt.</param>
/// <param name="Steps">The twelve steps, in their order.</param>
/// <param name="Story">What happened, line by line, as the entries say.</param>
public sealed record ReceiptReport(
    Receipt? Receipt, ImmutableArray<StepReport> Steps, ImmutableArray<string> Story)
{
    public IEnumerable<FoundDoubt> Doubts => Steps.SelectMany(step => step.Doubts);

    /// <summary>Nothing is in doubt. What was not proved is said beside it.</summary>
    public bool IsVerified => !Doubts.Any();

    /// <summary>It agrees with itself, and nothing but the reader's trust is missing.</summary>
    public bool IsSelfConsistent => Doubts.All(found => found.Doubt == Doubt.NoTrust);
}

/// <summary>One step of the verification.</summary>
/// <param name="Number">1 to 12.</param>
/// <param name="Title">What it is about.</param>
/// <param name="Proved">What holds, whoever runs the gateway.</param>
/// <param name="NotProved">What the receipt says and cannot prove, or does not say.</param>
/// <param name="Doubts">What does not hold.</param>
public sealed record StepReport(
    int Number,
    string Title,
    ImmutableArray<string> Proved,
    ImmutableArray<string> NotProved,
    ImmutableArray<FoundDoubt> Doubts);

/// <summary>One reason why the receipt does not verify, in words.</summary>
public sealed record FoundDoubt(Doubt Doubt, string Text);
