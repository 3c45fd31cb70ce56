using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Server.Channels.Slack;
using Countersign.Server.Channels.Teams;

namespace Countersign.Server.Channels;

/// <summary>Which channels there are, and whose accounts in them are whose.</summary>
internal sealed class ChannelSettings
{
    /// <summary>How Slack is reached; <c>null</c> when it is no channel.</summary>
    public SlackOptions? Slack { get; init; }

    /// <summary>How Microsoft Teams is reached; <c>null</c> when it is no channel.</summary>
    public TeamsOptions? Teams { get; init; }

    /// <summary>Accounts that the configuration gives to persons.</summary>
    public ImmutableDictionary<ChannelAccount, PersonId> Accounts { get; init; } =
        ImmutableDictionary<ChannelAccount, PersonId>.Empty;

    /// <summary>Whether people have accounts in one of them.</summary>
    public bool HasAccounts => Slack is not null || Teams is not null;

    /// <summary>Those that get a message for every step of a review.</summary>
    public ImmutableArray<string> Names =>
    [
        .. Slack is null ? [] : new[] { SlackOutbox.Channel },
        .. Teams is null ? [] : new[] { TeamsOutbox.Channel },
    ];
}
