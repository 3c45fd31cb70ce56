using System.Text.Json;

namespace Countersign.Client;

/// <summary>One action as the server shows it.</summary>
public sealed record AskedAction
{
    /// <summary><c>act_</c> and 26 characters.</summary>
    public required string Id { get; init; }

    /// <summary>1 as asked; each change by people adds one.</summary>
    public required int Revision { get; init; }

    /// <summary>The state in the spelling of the API; <see cref="Standing"/> has a case for each.</summary>
    public required string State { get; init; }

    /// <summary>The target of the configuration.</summary>
    public required string Target { get; init; }

    /// <summary>What is done.</summary>
    public required string Operation { get; init; }

    /// <summary>With what: what was asked, or what people made of it. Act on these and on nothing else.</summary>
    public required JsonElement Arguments { get; init; }

    /// <summary>SHA-256 over target, operation and arguments in canonical form.</summary>
    public required string Digest { get; init; }

    /// <summary>What the policy said.</summary>
    public ShownVerdict? Verdict { get; init; }

    /// <summary>What the policy would allow instead, when it denied and something is known.</summary>
    public NearestForm? Nearest { get; init; }

    /// <summary>Who decided how; <c>null</c> when nobody had to.</summary>
    public ShownReview? Review { get; init; }

    /// <summary>Of an approved action on a target that executes nothing: what can be claimed.</summary>
    public ShownPermit? Permit { get; init; }

    /// <summary>How it ended, once something ran.</summary>
    public ShownOutcome? Outcome { get; init; }

    /// <summary>What decided or ended it, in words.</summary>
    public string? Explanation { get; init; }

    /// <summary>When it was asked.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ends by itself, while it is open.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>What the policy said about an action.</summary>
/// <param name="Outcome"><c>allow</c>, <c>require</c> or <c>deny</c>.</param>
/// <param name="Rules">The rules that said so.</param>
public sealed record ShownVerdict(string Outcome, IReadOnlyList<ShownRule> Rules);

/// <summary>A rule that applied.</summary>
/// <param name="Id">Its name in the policy.</param>
/// <param name="Reason">Why there is such a rule.</param>
public sealed record ShownRule(string Id, string? Reason);

/// <summary>What would be allowed instead of a denied request.</summary>
/// <param name="Arguments">Arguments with which the same operation is allowed.</param>
/// <param name="Change">How they differ, in words.</param>
/// <param name="Operations">Operations of the target that are allowed with the same arguments.</param>
public sealed record NearestForm(JsonElement? Arguments, string? Change, IReadOnlyList<string> Operations);

/// <summary>How people decided.</summary>
public sealed record ShownReview
{
    /// <summary>Who answered how.</summary>
    public IReadOnlyList<ShownVote> Votes { get; init; } = [];

    /// <summary>How people changed the arguments, oldest first.</summary>
    public IReadOnlyList<ShownChange> Changes { get; init; } = [];

    /// <summary>Where people look at it.</summary>
    public required Uri Url { get; init; }
}

/// <summary>One person's answer.</summary>
/// <param name="Person">Who.</param>
/// <param name="Decision"><c>approve</c> or <c>deny</c>.</param>
/// <param name="Comment">In their words.</param>
public sealed record ShownVote(string Person, string Decision, string? Comment);

/// <summary>How one person changed the arguments.</summary>
/// <param name="Person">Who.</param>
/// <param name="Comment">Why, in their words.</param>
/// <param name="Before">What the arguments were before.</param>
public sealed record ShownChange(string Person, string? Comment, JsonElement Before);

/// <summary>What can be claimed of an action, or was.</summary>
/// <param name="Claim">Number of the latest claim; 0 before the first.</param>
/// <param name="UsesLeft">How many claims are left.</param>
/// <param name="ReportBy">Until when the open claim has to be reported.</param>
public sealed record ShownPermit(long Claim, int UsesLeft, DateTimeOffset? ReportBy);

/// <summary>How an action ended.</summary>
/// <param name="State"><c>succeeded</c>, <c>failed</c> or <c>unknown</c>.</param>
/// <param name="Result">What came of it.</param>
/// <param name="Error">Why it failed or is unknown.</param>
/// <param name="SelfReported">Whether the asker said so; the server saw nothing of it.</param>
public sealed record ShownOutcome(string State, JsonElement? Result, string? Error, bool SelfReported);
