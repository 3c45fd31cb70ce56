using System.Text.RegularExpressions;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Channels.Email;

/// <summary>
/// Renders what a mail may say of a review: enough to know whether to hurry, and the way to the console. It shows no
/// arguments and decides nothing, because programs open every link of a mail before people do (THR-030).
/// </summary>
internal sealed partial class EmailCard(Func<Charter> charter, CardMask mask, Func<ActionId, Uri> reviewUrl)
{
    private const string Kept = "What it is about stands in the console only.";
    private const string Closing = "This mail decides nothing, and an answer to it reaches nobody.";

    /// <summary>The mail that asks a person.</summary>
    public EmailMessage Render(ActionRecord real, EmailRecipient recipient)
    {
        var today = charter();
        var record = mask.Of(real).Record;
        var headline = HeadlineOf(record, today);
        var environment = Words.OneLine(record.Environment);
        return new EmailMessage(
            recipient.Address,
            Words.OneLine(recipient.Name),
            Shortening.Of($"[{environment}] Review: {headline ?? record.Id.Value}", EmailLimits.Subject),
            string.Join('\n', LinesOf(record, headline ?? Kept, recipient, today)),
            record.Id.Value,
            $"review {record.Life.Revision}");
    }

    /// <summary>What is about no action.</summary>
    public static EmailMessage Render(ChannelNotice notice, EmailRecipient recipient) => new(
        recipient.Address,
        Words.OneLine(recipient.Name),
        Shortening.Of(MakesLink().IsMatch(notice.Headline) ? "Notice" : notice.Headline, EmailLimits.Subject),
        $"""
        {(MakesLink().IsMatch(notice.Text) ? "What happened stands in the console." : notice.Text)}

        {notice.Source}
        {notice.Page.AbsoluteUri}

        {Closing}
        """,
        notice.Source,
        "notice");

    private IEnumerable<string> LinesOf(
        ActionRecord record, string headline, EmailRecipient recipient, Charter today)
    {
        var asker = record.Asker.OnBehalfOf is { } person
            ? $"{record.Asker.Agent}, on behalf of {Words.Of(person, today.People)}"
            : record.Asker.Agent.Value;
        yield return headline;
        yield return "";
        yield return $"Environment: {Words.OneLine(record.Environment)}";
        yield return $"Target:      {record.Action.Target}";
        yield return $"Asked by:    {asker}";
        yield return $"Answer by:   {Words.Clock(recipient.Deadline)}";
        if (recipient.InPlaceOf is { } away)
        {
            yield return $"You stand in for {Words.Of(away, today.People)}.";
        }

        yield return "";
        yield return "Read all of it and answer in the console:";
        yield return reviewUrl(record.Id).AbsoluteUri;
        yield return "";
        yield return Closing;
        yield return $"{Card.Of(record).ShortDigest} {record.Id}";
    }

    /// <summary>
    /// What is asked, in one line; <c>null</c> where only reviewers may read it, and where mail programs would make a
    /// link of what an agent wrote.
    /// </summary>
    private static string? HeadlineOf(ActionRecord record, Charter today)
    {
        // A target that left the configuration took its setting along: in doubt it was restricted.
        var isOpen = today.Targets.GetValueOrDefault(record.Action.Target) is { VisibleToReviewersOnly: false };
        var headline = Words.Headline(Card.Of(record).Headline);
        return isOpen && !MakesLink().IsMatch(headline) ? headline : null;
    }

    /// <summary>An address of a page or a mailbox, or a name that looks like one of a host.</summary>
    [GeneratedRegex(@":/|@|\bwww\.|[\p{L}\p{N}]\.\p{L}{2,}", RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MakesLink();
}
