using Countersign.Core.Identity;

namespace Countersign.Core.Reviews;

public enum Decision
{
    Approve,
    Deny,
}

/// <summary>One person's answer to one revision of an action.</summary>
public sealed record Vote(PersonId Person, Decision Decision, Assurance Assurance, DateTimeOffset At, string? Comment)
{
    /// <summary>The signature that makes it as strong as <c>passkey</c>.</summary>
    public SignedDecision? Signature { get; init; }

    /// <summary>
    /// Whether it approves alone, in an emergency, what others were asked about; others look at it afterwards.
    /// </summary>
    public bool BreaksGlass { get; init; }

    /// <summary>Who was away when they answered in that person's place; <c>null</c> for their own.</summary>
    public PersonId? InPlaceOf { get; init; }

    /// <summary>The approval that this one returns, as it was known when it was cast.</summary>
    public Favour? Returns { get; init; }
}
