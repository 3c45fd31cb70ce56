using Countersign.Core.Ledger;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Storage;
using Countersign.Server.Console.Views;
using Countersign.Server.Hosting;

namespace Countersign.Server.Channels;

/// <summary>
/// What channels are told by themselves, beside reviews: a policy that was changed and changed back, and that somebody
/// broke the glass.
/// </summary>
internal sealed class ChannelNotices(IArchive archive, Func<Uri> console)
{
    /// <summary>What an entry is worth saying; <c>null</c> when it says nothing, or nothing any more.</summary>
    public async Task<ChannelNotice?> FindAsync(long entry, CancellationToken cancellationToken) =>
        await archive.ReadPayloadAsync(entry, cancellationToken) switch
        {
            { } payload when GlassPayload.Read(payload) is { } glass =>
                await DatedAsync(Of(glass, entry), entry, cancellationToken),
            { } payload when PolicyPayload.Parse(payload.Span) is { Reverts: { } replaced } change =>
                await DatedAsync(Of(change, replaced, entry), entry, cancellationToken),
            _ => null,
        };

    private async Task<ChannelNotice> DatedAsync(
        ChannelNotice notice, long entry, CancellationToken cancellationToken) => notice with
        {
            At = await archive.ReadEntryAsync(entry, cancellationToken) is { } logged
                ? Leaf.Decode(logged.Leaf.Span).At
                : null,
        };

    private ChannelNotice Of(GlassPayload glass, long entry) => new(
        $"{glass.Person} broke the glass",
        Words.OneLine(
            $"What an agent asks on target {glass.Target} may run once until {Words.Clock(glass.Until)}, without " +
            $"those who were asked. The sealed codes of {string.Join(" and ", glass.Custodians)} were used. " +
            $"Their reason: {glass.Reason}"),
        $"Ledger entry {entry} ({EntryType.BreakGlassUsed.ToText()}); a review of it is open",
        new Uri(console(), "/console"))
    {
        IsAlarm = true,
    };

    private ChannelNotice Of(PolicyPayload change, PolicyReplaced replaced, long entry)
    {
        var other = replaced.Entry is { } index ? $" (ledger entry {index})" : "";
        var how = change.How == PolicyPayload.Approved
            ? $"approved by {string.Join(", ", change.Authors)}"
            : "taken from the files at once, as the configuration says";
        return new ChannelNotice(
            "The policy was changed back",
            Words.OneLine(
                $"It was replaced at {Words.Clock(replaced.At)}{other}, and what was in force before is in force " +
                $"again: {how}. Look at what was asked and decided in between."),
            $"Ledger entry {entry} ({EntryType.PolicyChanged.ToText()})",
            new Uri(console(), "/console/history"));
    }
}

/// <summary>Something that every channel says once, and that is about no action.</summary>
/// <param name="Headline">One line.</param>
/// <param name="Text">What happened; fit to be shown.</param>
/// <param name="Source">Which entry of the ledger says it.</param>
/// <param name="Page">Where to look.</param>
internal sealed record ChannelNotice(string Headline, string Text, string Source, Uri Page)
{
    /// <summary>Whether somebody has to look at it now, at night as well.</summary>
    public bool IsAlarm { get; init; }

    /// <summary>When it was recorded.</summary>
    public DateTimeOffset? At { get; init; }
}
