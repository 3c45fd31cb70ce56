namespace Countersign.Core.Reviews;

/// <summary>
/// What an execution leaves before its effect becomes durable, so that its target can say later what became of it:
/// PostgreSQL's transaction id before COMMIT, an idempotency key before a request. The claim of a permit leaves the key
/// by which its taker knows it again.
/// </summary>
public sealed record Evidence
{
    /// <summary>Evidence is a name that the target knows, not a document.</summary>
    public const int MaxLength = 512;

    public Evidence(string kind, string value)
    {
        Kind = Identity.Name.Check(kind, "kind of evidence");
        Value = value is { Length: > 0 and <= MaxLength }
            ? value
            : throw new ArgumentException($"Evidence has 1 to {MaxLength} characters.", nameof(value));
    }

    /// <summary>What the value is, in the gate's own words, such as <c>postgresql-transaction</c>.</summary>
    public string Kind { get; }

    public string Value { get; }
}

/// <summary>What a target says about an execution whose node is gone.</summary>
public enum Proof
{
    /// <summary>Nobody can say any more.</summary>
    Unknown,

    /// <summary>It took effect.</summary>
    TookEffect,

    /// <summary>It took no effect, and cannot take any.</summary>
    TookNoEffect,

    /// <summary>It is not decided yet; the target is asked again.</summary>
    Undecided,

    /// <summary>
    /// It knows nothing of it. What is still on its way may arrive, so this counts as no effect only when it is said
    /// again later.
    /// </summary>
    NotSeen,
}
