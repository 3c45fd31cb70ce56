using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Server.Console.Views;

/// <summary>
/// Makes the page of one action out of its record: the card in its fixed order, then where the review stands.
/// Everything from outside passes <see cref="DisplayText"/> here; the components encode what they are given and decide
/// nothing.
/// </summary>
internal sealed record CardComposer(Charter Charter, Voter Reader, VotingRight Right, DateTimeOffset Now)
{
    /// <summary>
    /// Whether the agent asks for this operation for the first time; <c>null</c> when it was not looked up.
    /// </summary>
    public bool? IsFirst { get; init; }

    /// <summary>Whose approval would return an earlier one.</summary>
    public ImmutableArray<Favour> Owed { get; init; } = [];

    /// <summary>Whether the reader may stop the agent that asks.</summary>
    public bool MayStopAgent { get; init; }

    /// <summary>Whether the reader may have it run and taken back.</summary>
    public bool MayRehearse { get; init; }

    /// <summary>What the reader may change of what is asked; <c>null</c> when they may not.</summary>
    public ReviseView? Editable { get; init; }

    /// <summary>The address at which the reader's passkeys work; <c>null</c> without any.</summary>
    public string? PasskeyOrigin { get; init; }

    /// <summary>Whether the reader may see what is hidden, and say why.</summary>
    public bool MayReveal { get; init; }

    /// <summary>Whether the reader may let it through alone, in an emergency.</summary>
    public bool MayBreakGlass { get; init; }

    public NoticeView? Notice { get; init; }

    /// <summary>
    /// What a person types before they approve what is grave, so that no habit approves it: the target's name.
    /// </summary>
    public static string? ConfirmationOf(ActionRecord record) =>
        Gravity.Of(record) is null ? null : record.Action.Target.Value;

    /// <summary>Why nobody approves an action on its page; <c>null</c> when the page shows all of it.</summary>
    public static string? WhyNotHere(ActionRecord record) =>
        record.Action.Arguments.Bytes.Length <= ExactText.MaxArguments || ExactText.Of(record.Action.Arguments).IsWhole
            ? null
            : TooLong(record);

    /// <param name="shown">The action as the reader sees it.</param>
    /// <param name="real">The action as it is; its size and its traps are said, and none of its words.</param>
    public ActionView Compose(ShownAction shown, ActionRecord real)
    {
        var record = shown.Record;
        var card = Card.Of(record);
        var exact = ExactText.Of(record.Action.Arguments);
        return new ActionView
        {
            Id = record.Id.Value,
            Revision = record.Life.Revision,
            Environment = Words.OneLine(card.Environment),
            Headline = Words.Headline(card.Headline),
            State = record.State.ToText(),
            StateText = Words.Of(record.State),
            Effects = EffectLines.Of(record, IsFirst),
            Exact = exact with { Bytes = real.Action.Arguments.Bytes.Length },
            Hidden = shown.Sentence,
            MayReveal = MayReveal && shown.HidesSomething,
            // Said without the words they are about, and so of what is hidden as well.
            Findings = [.. FavourLines.Of(record, Owed, Charter.People), .. FindingLines.Of(real)],
            Facts = FindingLines.FactsOf(card),
            Who = WhoOf(record),
            StopAddress = MayStopAgent ? $"/console/agents/{record.Asker.Agent}" : null,
            Rules = [.. card.Rules.Select(rule => new LabelledText(rule.Id.Value, Words.OneLine(rule.Reason)))],
            Why = [.. Explanation.Verdict(record.Verdict).Select(Words.OneLine)],
            Tracks = new TrackLines(record, Charter).Compose(),
            Claimed = ClaimedOf(record.Claimed),
            Ballot = BallotOf(record, exact) with { GlassAt = MayBreakGlass && exact.IsWhole ? PasskeyOrigin : null },
            Votes = [.. record.Life.Votes.Select(VoteOf)],
            DryRuns = [.. record.Rehearsals.SelectMany(run =>
                DryRunLines.Of($"Dry run for {Words.Of(run.By, Charter.People)}", run.Finding))],
            MayRehearse = MayRehearse,
            Changes = RevisionComposer.ChangesOf(record, Charter.People),
            Editable = shown.HidesSomething ? null : Editable,
            Outcome = OutcomeOf(record),
            Digest = card.Digest.Value,
            ShortDigest = card.ShortDigest,
            LedgerIndex = record.Ledger.Index,
            LedgerSize = record.Ledger.Size,
            CreatedAt = record.CreatedAt,
            ExpiresAt = record.Life.ExpiresAt,
            Now = Now,
            Notice = Notice,
        };
    }

    private ImmutableArray<LabelledText> WhoOf(ActionRecord record)
    {
        var asker = record.Asker;
        var owner = Charter.People.Find(asker.Agent)?.Owner;
        return
        [
            new LabelledText("On behalf of", asker.OnBehalfOf is { } person
                ? Words.Of(person, Charter.People)
                : "nobody named: the agent asks for itself"),
            new LabelledText("Agent", owner is null
                ? $"{asker.Agent}, not registered any more"
                : $"{asker.Agent}, owned by {OwnerText(owner)}"),
            // Whole: for some gates nothing else says what is at its end.
            new LabelledText("Operation", Words.OneLine(record.Action.Operation)),
            new LabelledText(
                "Target", $"{record.Action.Target} ({record.Gate.ToText()} gate, asked via {record.Via.ToText()})"),
        ];
    }

    private string OwnerText(Party owner) =>
        owner is Party.OfPerson person ? Words.Of(person.Id, Charter.People) : owner.ToString();

    private static ImmutableArray<LabelledText> ClaimedOf(Claimed claimed)
    {
        var lines = ImmutableArray.CreateBuilder<LabelledText>();
        if (claimed.Reason is { Length: > 0 } reason)
        {
            lines.Add(new LabelledText("Reason", DisplayText.Lines(reason).Text));
        }

        if (claimed.Session is { Length: > 0 } session)
        {
            lines.Add(new LabelledText("Session", Words.OneLine(session)));
        }

        return lines.ToImmutable();
    }

    /// <summary>
    /// The right of the person, narrowed by what this sign-in is worth to the rules that they could meet.
    /// </summary>
    private BallotView BallotOf(ActionRecord record, ExactView exact)
    {
        if (!Right.MayApprove || !exact.IsWhole)
        {
            return new BallotView(false, Right.MayDeny, Right.MayApprove ? TooLong(record) : Right.WhyNot)
            {
                SignsAt = Right.MayDeny ? PasskeyOrigin : null,
            };
        }

        var isStrongEnough = WeakestNeeded(record) is not { } needed || Reader.Assurance >= needed;
        return new BallotView(
            isStrongEnough, Right.MayDeny, isStrongEnough || PasskeyOrigin is not null ? null : TooWeak(record))
        {
            SignsAt = PasskeyOrigin,
            MaySignApproval = PasskeyOrigin is not null,
            EnrolAddress = isStrongEnough || PasskeyOrigin is not null ? null : $"/console/people/{Reader.Person}",
            Confirmation = isStrongEnough ? ConfirmationOf(record) : null,
            Gravity = Gravity.Of(record)?.Sentence,
        };
    }

    private static string TooLong(ActionRecord record) =>
        $"The arguments are {record.Action.Arguments.Bytes.Length:N0} bytes, which is more than a page shows, and "
        + $"nobody approves here what they cannot see. Read them with 'countersign action show {record.Id}', approve "
        + "them there, or let the agent ask for less at a time. You may deny it.";

    private string TooWeak(ActionRecord record)
    {
        var needed = WeakestNeeded(record)?.ToText();
        var remedy = needed == Assurance.Passkey.ToText()
            ? "Enrol a passkey to sign the approval with it."
            : "Sign in another way to approve, or enrol a passkey.";
        return $"You are signed in {Words.Of(Reader.Assurance)}, which counts as '{Reader.Assurance.ToText()}'; " +
            $"approving asks for '{needed}' or stronger. {remedy} You may deny it.";
    }

    private Assurance? WeakestNeeded(ActionRecord record)
    {
        var electorate = Electorate.Of(record.Life, record.Asker, Charter.People, Charter.PolicyAuthors);
        return record.Life.Tracks
            .Where((track, i) => !track.IsMet && electorate.MayVote(Reader.Person, i, track.Stage))
            .Where(track => !track.Counts(Reader.Person, record.Life.Votes))
            .Min(track => (Assurance?)track.Requirement.Assurance);
    }

    private VoteView VoteOf(Vote vote) => new(
        Words.Of(vote.Person, Charter.People),
        vote.Decision == Decision.Approve,
        vote.Assurance.ToText(),
        vote.At,
        vote.Comment is { Length: > 0 } comment ? DisplayText.Lines(comment).Text : null)
    {
        IsSigned = vote.Signature is not null,
        BreaksGlass = vote.BreaksGlass,
    };

    private static OutcomeView? OutcomeOf(ActionRecord record)
    {
        if (record.Outcome is { } outcome)
        {
            return new OutcomeView(
                Words.Of(outcome, record.GivesPermit),
                outcome.Error is { } error ? DisplayText.Lines(error).Text : null,
                outcome.Result is { } result ? ExactText.Of(result.Span) : null,
                $"{outcome.Duration.TotalMilliseconds:N0} ms");
        }

        return record.State.HasEnded()
            ? new OutcomeView($"Nothing was executed. {DisplayText.Lines(record.Ending).Text}".Trim(), null, null, null)
            : null;
    }
}
