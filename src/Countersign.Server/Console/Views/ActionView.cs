using System.Collections.Immutable;

namespace Countersign.Server.Console.Views;

/// <summary>The page of one action, in the order in which it is read.</summary>
public sealed record ActionView
{
    public required string Id { get; init; }

    public required int Revision { get; init; }

    public required string Environment { get; init; }

    public required string Headline { get; init; }

    /// <summary>The state's name in the API; it selects the look.</summary>
    public required string State { get; init; }

    public required string StateText { get; init; }

    public required ImmutableArray<LabelledText> Effects { get; init; }

    public required ExactView Exact { get; init; }

    /// <summary>How many values of which kind are hidden on this page; empty when none is.</summary>
    public string Hidden { get; init; } = "";

    /// <summary>Whether the reader may ask to see them.</summary>
    public bool MayReveal { get; init; }

    public required ImmutableArray<string> Findings { get; init; }

    public required ImmutableArray<LabelledText> Facts { get; init; }

    public required ImmutableArray<LabelledText> Who { get; init; }

    /// <summary>Where the reader may stop the agent that asks; <c>null</c> when they may not.</summary>
    public string? StopAddress { get; init; }

    public required ImmutableArray<LabelledText> Rules { get; init; }

    /// <summary>Why it was held or not, and who could decide.</summary>
    public required ImmutableArray<string> Why { get; init; }

    public required ImmutableArray<TrackView> Tracks { get; init; }

    /// <summary>What the agent says: never above what the gateway knows.</summary>
    public required ImmutableArray<LabelledText> Claimed { get; init; }

    public required BallotView Ballot { get; init; }

    /// <summary>What reviewers' dry runs showed.</summary>
    public required ImmutableArray<LabelledText> DryRuns { get; init; }

    /// <summary>Whether the reader may ask for one.</summary>
    public bool MayRehearse { get; init; }

    /// <summary>How people changed what was asked, oldest first.</summary>
    public required ImmutableArray<ChangeView> Changes { get; init; }

    /// <summary>What the reader may change of it; <c>null</c> when they may not.</summary>
    public ReviseView? Editable { get; init; }

    public required ImmutableArray<VoteView> Votes { get; init; }

    public OutcomeView? Outcome { get; init; }

    public required string Digest { get; init; }

    public required string ShortDigest { get; init; }

    public required long LedgerIndex { get; init; }

    public required long LedgerSize { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public required DateTimeOffset Now { get; init; }

    /// <summary>What became of the form that led here; <c>null</c> on an ordinary look.</summary>
    public NoticeView? Notice { get; init; }
}

/// <summary>The arguments for reading.</summary>
/// <param name="Pieces">The text, shortened where it is long; a cut is a piece of its own, so that no text can fake
/// one.</param>
/// <param name="Full">The whole text when something was shortened and a page can hold it.</param>
/// <param name="Bytes">Size of the canonical arguments.</param>
public sealed record ExactView(ImmutableArray<ExactPiece> Pieces, string? Full, int Bytes)
{
    public bool IsShortened => Pieces.Any(piece => piece.IsCut);

    /// <summary>Whether the page holds all of it, be it behind "Show all".</summary>
    public bool IsWhole => Full is not null || !IsShortened;
}

public sealed record ExactPiece(string Text, bool IsCut);

/// <summary>How far one rule's requirement is.</summary>
public sealed record TrackView(string Rule, string Assurance, ImmutableArray<StageView> Stages);

/// <summary>One stage of a track.</summary>
/// <param name="Look"><c>met</c>, <c>asked</c>, <c>later</c>, or <c>over</c> when the review ended without it.</param>
/// <param name="Sentence">How many of whom approved, and how many more it takes.</param>
/// <param name="Who">Who can still act, when the stage is asked now.</param>
/// <param name="Deadline">When the stage escalates or expires, when it is asked now.</param>
/// <param name="Then">What happens at the deadline.</param>
public sealed record StageView(
    string Look, string Sentence, ImmutableArray<string> Who, DateTimeOffset? Deadline, string Then);

/// <summary>What the reader may do.</summary>
public sealed record BallotView(bool MayApprove, bool MayDeny, string? WhyNot)
{
    /// <summary>The address at which the reader's passkeys sign; <c>null</c> without one, or nothing to sign.</summary>
    public string? SignsAt { get; init; }

    /// <summary>Whether a signed approval of the reader would count.</summary>
    public bool MaySignApproval { get; init; }

    /// <summary>Where the reader could enrol a passkey that would let them approve.</summary>
    public string? EnrolAddress { get; init; }

    /// <summary>What has to be typed to approve it; <c>null</c> when a press is enough.</summary>
    public string? Confirmation { get; init; }

    /// <summary>Why a press is not enough; <c>null</c> when it is.</summary>
    public string? Gravity { get; init; }

    /// <summary>Where the reader may break the glass with a passkey; <c>null</c> when they may not.</summary>
    public string? GlassAt { get; init; }
}

public sealed record VoteView(string Person, bool Approves, string Assurance, DateTimeOffset At, string? Comment)
{
    /// <summary>Whether a passkey signed it.</summary>
    public bool IsSigned { get; init; }

    /// <summary>Whether it approved alone, in an emergency.</summary>
    public bool BreaksGlass { get; init; }
}

/// <summary>How the action ended.</summary>
public sealed record OutcomeView(string Sentence, string? Error, ExactView? Result, string? Duration);

public sealed record NoticeView(bool Recorded, string Text);
