using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Channels.Teams;

/// <summary>
/// Renders the card of a review, in the order every channel keeps: as everybody sees it, or with what one person may
/// do. Where the card cannot show everything it has no Approve, only the way to where everything is.
/// </summary>
internal sealed class TeamsCard(Func<Charter> charter, CardMask mask, Func<ActionId, Uri> reviewUrl)
{
    private const int MaxClaimed = 600;
    private const int MaxError = 600;
    private const int MaxEffects = 40;
    private const int MaxVotes = 4000;

    /// <summary>Beyond this the arguments cannot fit, however they are laid out.</summary>
    private const int MaxLaidOut = 4 * TeamsLimits.ExactCharacters;

    /// <param name="real">The action.</param>
    /// <param name="known">What a card says that is not in the action.</param>
    /// <param name="viewer">For whom; what everybody sees has every button, and each press is checked.</param>
    public JsonObject Render(ActionRecord real, CardContext known, TeamsViewer? viewer = null)
    {
        var today = charter();
        var shown = mask.Of(real);
        var record = shown.Record;
        var card = Card.Of(record) with { ExactBytes = real.Action.Arguments.Bytes.Length };
        var body = new TeamsBody();
        body.Headline(HeadlineOf(card));
        body.Quiet(CardWords.StateOf(record, today));
        if (viewer?.Notice is { } notice)
        {
            body.Text(notice);
        }

        if (CardWords.IsForReviewersOnly(record, today))
        {
            AddWhereItIs(body, record, "Only its reviewers may read what it is about; they find it in the console.");
        }
        else if (record.State == ActionState.Pending)
        {
            AddOpen(body, (real, shown), card, known, new Seen(today, viewer));
        }
        else
        {
            AddEnded(body, shown, card, today);
        }

        body.Quiet($"{card.ShortDigest} · {record.Id}");
        var json = body.ToCard(SummaryOf(real));
        return json.ToJsonString().Length <= TeamsLimits.PostingCharacters ? json : RenderShort(real);
    }

    /// <summary>What is posted when the card itself is too much: reviewers have to hear of it all the same.</summary>
    public JsonObject RenderShort(ActionRecord record)
    {
        var card = Card.Of(record);
        var body = new TeamsBody();
        body.Text(Shortening.Of(
            $"[{Words.OneLine(card.Environment)}] A review waits on {card.Target}.", TeamsLimits.Summary));
        AddWhereItIs(body, record, "This card could not be shown here.");
        return body.ToCard("A review waits; see the console.");
    }

    /// <summary>What is about no action.</summary>
    public static JsonObject Render(ChannelNotice notice)
    {
        var body = new TeamsBody();
        body.Headline(notice.Headline);
        body.Text(notice.Text);
        body.Quiet(notice.Source);
        body.Actions(TeamsActions.ForOpening(notice.Page));
        return body.ToCard(notice.Headline);
    }

    /// <summary>What a notification says; of what is hidden it says no more than the card.</summary>
    public string SummaryOf(ActionRecord real)
    {
        var record = mask.Of(real).Record;
        return Shortening.Of($"{Words.Of(record.State)}: {HeadlineOf(Card.Of(record))}", TeamsLimits.Summary);
    }

    private static string HeadlineOf(Card card) =>
        $"[{Words.OneLine(card.Environment)}] {Words.OneLine(card.Headline)}";

    private void AddOpen(
        TeamsBody body, (ActionRecord Real, ShownAction Shown) action, Card card, CardContext known, Seen seen)
    {
        var (real, shown) = action;
        var (record, today) = (shown.Record, seen.Today);
        var effects = EffectLines.Of(record, known.IsFirst);
        if (effects.Length > MaxEffects)
        {
            body.LeavesOut();
        }

        body.Rows(effects.Take(MaxEffects));
        AddExact(body, shown, card);
        // Said without the words they are about, and so of what is hidden as well.
        AddFindings(body, [.. FavourLines.Of(record, known.Owed, today.People), .. FindingLines.Of(real)]);
        body.Rows(CardWords.WhoOf(record, today));
        body.Text(string.Join('\n', card.Rules.Select(rule => $"{rule.Id}: {Words.OneLine(rule.Reason)}")));
        var tracks = new ReviewTracks(record, today);
        body.Text(string.Join('\n', tracks.Compose()));
        AddVotes(body, record, today);
        if (record.Claimed.Reason is { Length: > 0 } reason)
        {
            body.Aside($"The agent says (nobody checked it):\n{Words.OneLine(reason)}", MaxClaimed);
        }

        AddActions(body, record, tracks, seen);
    }

    private void AddEnded(TeamsBody body, ShownAction shown, Card card, Charter today)
    {
        var record = shown.Record;
        AddExact(body, shown, card);
        AddVotes(body, record, today);
        if (record.Outcome is not null || record.State.HasEnded())
        {
            body.Aside(CardWords.OfEnd(record), MaxError);
        }

        body.Quiet(CardWords.LedgerOf(record));
        body.Actions([TeamsActions.ForOpening(reviewUrl(record.Id)), .. StopsOf(record, today)]);
    }

    private static void AddExact(TeamsBody body, ShownAction shown, Card card)
    {
        var arguments = shown.Record.Action.Arguments;
        if (card.ExactBytes <= MaxLaidOut && ExactText.WholeOf(arguments) is { } whole && TeamsBody.Fits(whole))
        {
            body.Exact(whole);
        }
        else
        {
            body.LeavesOut();
            body.Exact(ExactText.ShortOf(arguments));
        }

        var hidden = shown.HidesSomething ? $". {shown.Sentence}" : "";
        body.Quiet($"{card.ExactBytes:N0} bytes of arguments; · is a blank where several stand together{hidden}");
    }

    private static void AddFindings(TeamsBody body, ImmutableArray<string> findings)
    {
        if (!findings.IsEmpty)
        {
            body.Text("Look closely:\n" + string.Join('\n', findings.Select(finding => $"• {finding}")));
        }
    }

    private static void AddVotes(TeamsBody body, ActionRecord record, Charter today)
    {
        if (!record.Life.Votes.IsEmpty)
        {
            body.Aside(
                string.Join('\n', record.Life.Votes.Select(vote => CardWords.Of(vote, today, "! "))), MaxVotes);
        }
    }

    private void AddActions(TeamsBody body, ActionRecord record, ReviewTracks tracks, Seen seen)
    {
        var (card, page) = (CardReference.Of(record), reviewUrl(record.Id));
        var right = seen.Viewer?.Right;
        var actions = new List<JsonObject>();
        if (right is { MayApprove: false, WhyNot: { } whyNot })
        {
            body.Quiet(right.MayDeny ? $"You may only deny it. {whyNot}" : whyNot);
        }
        else if (seen.Viewer is { Right: null })
        {
            body.Quiet("This Teams account is not linked to a person. Press a button to link it.");
        }

        if (!body.IsComplete)
        {
            body.Quiet("This card cannot show everything. Open it to read all of it; approve it there.");
        }
        else if (!tracks.TakesApproval)
        {
            body.Quiet(
                $"A click here counts as '{ReviewTracks.Worth.ToText()}'; approving this asks for " +
                $"'{tracks.Needed?.ToText()}' or stronger. Open it to approve.");
        }
        else if (right is not { MayApprove: false })
        {
            actions.Add(TeamsActions.ForApproving(card, page));
        }

        if (right is not { MayDeny: false })
        {
            body.Add(TeamsForms.Commented(
                "Comment, which the agent reads: why, and what to do instead", written: null));
            actions.Insert(0, TeamsActions.ForDenying(card, page));
            actions.Add(TeamsActions.ForModifying(card, page, body.IsComplete && TeamsForms.Holds(record)));
        }

        actions.Add(TeamsActions.ForOpening(page));
        body.Actions([.. actions, .. StopsOf(record, seen.Today)]);
    }

    private IEnumerable<JsonObject> StopsOf(ActionRecord record, Charter today) =>
        CardWords.MayBeStopped(record, today)
            ? [TeamsActions.ForStopping(CardReference.Of(record), reviewUrl(record.Id))]
            : [];

    private void AddWhereItIs(TeamsBody body, ActionRecord record, string why)
    {
        body.Text(why);
        body.Actions(TeamsActions.ForOpening(reviewUrl(record.Id)));
    }

    private sealed record Seen(Charter Today, TeamsViewer? Viewer);
}

/// <summary>One person in front of a card.</summary>
/// <param name="Right">What they may do; <c>null</c> when the account is nobody's.</param>
/// <param name="Notice">What became of what they did; <c>null</c> when they did nothing.</param>
internal sealed record TeamsViewer(VotingRight? Right, string? Notice);
