using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Channels.Slack;

/// <summary>
/// Renders the card of a review as a message, in the order every channel keeps. Where the message cannot show
/// everything it has no Approve, only the way to where everything is.
/// </summary>
internal sealed class SlackCard(Func<Charter> charter, CardMask mask, Func<ActionId, Uri> reviewUrl)
{
    /// <summary>A message that is longer than a few screens is not read to its end.</summary>
    private const int MaxLines = 64;

    private const int MaxClaimed = 600;
    private const string Alarm = ":rotating_light: ";
    private const int MaxError = 600;

    /// <summary>Beyond this the arguments cannot fit into a section, however they are laid out.</summary>
    private const int MaxLaidOut = 4 * SlackLimits.SectionText;

    /// <summary>Blocks that a card needs besides effects and facts.</summary>
    private const int OtherBlocks = 16;

    private const int MaxEffects = (SlackLimits.Blocks - OtherBlocks) * SlackLimits.Fields / 2;

    /// <param name="real">The action.</param>
    /// <param name="isFirst">Whether its agent asks for this for the first time; <c>null</c> when unknown.</param>
    /// <param name="owed">Whose approval would return an earlier one.</param>
    public SlackMessage Render(ActionRecord real, bool? isFirst, ImmutableArray<Favour> owed)
    {
        var today = charter();
        var shown = mask.Of(real);
        var record = shown.Record;
        var card = Card.Of(record) with { ExactBytes = real.Action.Arguments.Bytes.Length };
        var blocks = new SlackBlocks();
        var headline = $"[{Words.OneLine(card.Environment)}] {Words.OneLine(card.Headline)}";
        blocks.Header(headline);
        blocks.Context(CardWords.StateOf(record, today));
        if (CardWords.IsForReviewersOnly(record, today))
        {
            AddWhereItIs(blocks, record, "Only its reviewers may read what it is about; they find it in the console.");
        }
        else if (record.State == ActionState.Pending)
        {
            AddOpen(blocks, (real, shown), today, card, (isFirst, owed));
        }
        else
        {
            AddEnded(blocks, shown, today, card);
        }

        blocks.Context($"{card.ShortDigest} · {record.Id}");
        return new SlackMessage(FallbackOf(record, headline), blocks.ToJson());
    }

    /// <summary>What is posted when Slack refuses the card itself: reviewers have to hear of it all the same.</summary>
    public SlackMessage RenderShort(ActionRecord record)
    {
        var card = Card.Of(record);
        var blocks = new SlackBlocks();
        blocks.Section(Shortening.Of(
            $"[{Words.OneLine(card.Environment)}] A review waits on {card.Target}.", SlackLimits.FallbackText));
        AddWhereItIs(blocks, record, "This card could not be shown here.");
        return new SlackMessage("A review waits; see the console.", blocks.ToJson());
    }

    /// <summary>What takes the place of a card where strangers read by now: nothing of the action.</summary>
    public SlackMessage RenderWithdrawn(ActionRecord record, string why)
    {
        var blocks = new SlackBlocks();
        AddWhereItIs(blocks, record, $"The review that was shown here is in the console only. {why}");
        return new SlackMessage("This review is in the console.", blocks.ToJson());
    }

    /// <summary>What is about no action.</summary>
    public static SlackMessage Render(ChannelNotice notice)
    {
        var blocks = new SlackBlocks();
        blocks.Header(notice.Headline);
        blocks.Section(notice.Text);
        blocks.Context(notice.Source);
        blocks.Actions(SlackButtons.ForOpening(notice.Page));
        return new SlackMessage(notice.Headline, blocks.ToJson());
    }

    private void AddOpen(
        SlackBlocks blocks,
        (ActionRecord Real, ShownAction Shown) action,
        Charter today,
        Card card,
        (bool? IsFirst, ImmutableArray<Favour> Owed) known)
    {
        var (real, shown) = action;
        var record = shown.Record;
        var effects = EffectLines.Of(record, known.IsFirst);
        if (effects.Length > MaxEffects)
        {
            blocks.LeavesOut();
        }

        blocks.Fields(effects.Take(MaxEffects));
        AddExact(blocks, shown, card);
        // Said without the words they are about, and so of what is hidden as well.
        AddFindings(blocks, [.. FavourLines.Of(record, known.Owed, today.People), .. FindingLines.Of(real)]);
        blocks.Fields(CardWords.WhoOf(record, today));
        blocks.Section(string.Join('\n', card.Rules.Select(rule => $"{rule.Id}: {Words.OneLine(rule.Reason)}")));
        var tracks = new ReviewTracks(record, today);
        blocks.Section(string.Join('\n', tracks.Compose()));
        AddVotes(blocks, record, today);
        AddClaimed(blocks, record.Claimed);
        AddButtons(blocks, record, tracks, today);
    }

    private void AddEnded(SlackBlocks blocks, ShownAction shown, Charter today, Card card)
    {
        var record = shown.Record;
        AddExact(blocks, shown, card);
        AddVotes(blocks, record, today);
        if (record.Outcome is not null || record.State.HasEnded())
        {
            blocks.Aside(CardWords.OfEnd(record), MaxError);
        }

        blocks.Context(CardWords.LedgerOf(record));
        blocks.Actions([SlackButtons.ForOpening(reviewUrl(record.Id)), .. StopsOf(record, today)]);
    }

    private static IEnumerable<JsonObject> StopsOf(ActionRecord record, Charter today) =>
        CardWords.MayBeStopped(record, today) ? [SlackButtons.ForStopping(record)] : [];

    private static void AddExact(SlackBlocks blocks, ShownAction shown, Card card)
    {
        var record = shown.Record;
        var whole = card.ExactBytes <= MaxLaidOut ? ExactText.WholeOf(record.Action.Arguments) : null;
        if (whole is not null
            && whole.Count('\n') < MaxLines
            && SlackText.FitsFenced(whole, SlackLimits.SectionText))
        {
            blocks.Fenced(whole);
        }
        else
        {
            blocks.LeavesOut();
            blocks.Fenced(ExactText.ShortOf(record.Action.Arguments));
        }

        var hidden = shown.HidesSomething ? $". {shown.Sentence}" : "";
        blocks.Context($"{card.ExactBytes:N0} bytes of arguments{hidden}");
    }

    private static void AddFindings(SlackBlocks blocks, ImmutableArray<string> findings)
    {
        if (!findings.IsEmpty)
        {
            blocks.Section("Look closely:\n" + string.Join('\n', findings.Select(finding => $"• {finding}")));
        }
    }

    private static void AddVotes(SlackBlocks blocks, ActionRecord record, Charter today)
    {
        if (record.Life.Votes.IsEmpty)
        {
            return;
        }

        blocks.Aside(
            string.Join('\n', record.Life.Votes.Select(vote => CardWords.Of(vote, today, Alarm))),
            SlackLimits.SectionText);
    }

    private static void AddClaimed(SlackBlocks blocks, Claimed claimed)
    {
        if (claimed.Reason is { Length: > 0 } reason)
        {
            blocks.Aside($"The agent says (nobody checked it):\n{Words.OneLine(reason)}", MaxClaimed);
        }
    }

    private void AddButtons(SlackBlocks blocks, ActionRecord record, ReviewTracks tracks, Charter today)
    {
        var page = reviewUrl(record.Id);
        var stops = StopsOf(record, today);
        var deny = SlackButtons.ForDenying(record);
        var open = SlackButtons.ForOpening(page);
        if (!blocks.IsComplete)
        {
            blocks.Context("This message cannot show everything. Open it to read all of it; approve it there.");
            blocks.Actions([deny, open, .. stops]);
        }
        else if (!tracks.TakesApproval)
        {
            blocks.Context(
                $"A click here counts as '{ReviewTracks.Worth.ToText()}'; approving this asks for " +
                $"'{tracks.Needed?.ToText()}' or stronger. Open it to approve.");
            blocks.Actions([deny, SlackButtons.ForModifying(record, page), open, .. stops]);
        }
        else
        {
            blocks.Actions(
            [
                deny,
                SlackButtons.ForApproving(record),
                SlackButtons.ForModifying(record, page),
                open,
                .. stops,
            ]);
        }
    }

    private void AddWhereItIs(SlackBlocks blocks, ActionRecord record, string why)
    {
        blocks.Section(why);
        blocks.Actions(SlackButtons.ForOpening(reviewUrl(record.Id)));
    }

    private static string FallbackOf(ActionRecord record, string headline) => SlackText.Fit(
        $"{Words.Of(record.State)}: {headline}", SlackLimits.FallbackText, SlackText.Escape);
}
