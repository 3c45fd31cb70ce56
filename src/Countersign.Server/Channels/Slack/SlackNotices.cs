using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Policies;
using Countersign.Core.Storage;
using Countersign.Server.Console.Views;
using Countersign.Server.Hosting;

namespace Countersign.Server.Channels.Slack;

/// <summary>
/// What the channel is told by itself, beside its reviews: a policy that was changed and changed back, and that
/// somebody broke the glass.
/// </summary>
internal sealed class SlackNotices(IArchive archive, Func<Uri> console)
{
    /// <summary>What an entry is worth saying; <c>null</c> when it says nothing, or nothing any more.</summary>
    public async Task<SlackMessage?> FindAsync(long entry, CancellationToken cancellationToken) =>
        await archive.ReadPayloadAsync(entry, cancellationToken) switch
        {
            { } payload when GlassPayload.Read(payload) is { } glass => Render(glass, entry),
            { } payload when PolicyPayload.Parse(payload.Span) is { Reverts: { } replaced } change =>
                Render(change, replaced, entry),
            _ => null,
        };

    private SlackMessage Render(GlassPayload glass, long entry)
    {
        var headline = $"{glass.Person} broke the glass";
        var blocks = new SlackBlocks();
        blocks.Header(headline);
        blocks.Section(Words.OneLine(
            $"What an agent asks on target {glass.Target} may run once until {Words.Clock(glass.Until)}, without " +
            $"those who were asked. The sealed codes of {string.Join(" and ", glass.Custodians)} were used. " +
            $"Their reason: {glass.Reason}"));
        blocks.Context($"Ledger entry {entry} ({EntryType.BreakGlassUsed.ToText()}); a review of it is open");
        blocks.Actions(SlackButtons.ForOpening(new Uri(console(), "/console")));
        return new SlackMessage(headline, blocks.ToJson());
    }

    private SlackMessage Render(PolicyPayload change, PolicyReplaced replaced, long entry)
    {
        const string headline = "The policy was changed back";
        var other = replaced.Entry is { } index ? $" (ledger entry {index})" : "";
        var how = change.How == PolicyPayload.Approved
            ? $"approved by {string.Join(", ", change.Authors)}"
            : "taken from the files at once, as the configuration says";
        var blocks = new SlackBlocks();
        blocks.Header(headline);
        blocks.Section(Words.OneLine(
            $"It was replaced at {Words.Clock(replaced.At)}{other}, and what was in force before is in force again: " +
            $"{how}. Look at what was asked and decided in between."));
        blocks.Context($"Ledger entry {entry} ({EntryType.PolicyChanged.ToText()})");
        blocks.Actions(SlackButtons.ForOpening(new Uri(console(), "/console/history")));
        return new SlackMessage(headline, blocks.ToJson());
    }
}
