using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Server.Channels.Email;
using Countersign.Server.Channels.Slack;
using Countersign.Server.Channels.Teams;
using Countersign.Server.Channels.Webhook;

namespace Countersign.Server.Channels;

/// <summary>Which channels there are, and whose accounts in them are whose.</summary>
internal sealed class ChannelSettings
{
    /// <summary>How Slack is reached; <c>null</c> when it is no channel.</summary>
    public SlackOptions? Slack { get; init; }

    /// <summary>Where the webhook goes; <c>null</c> when it is no channel.</summary>
    public WebhookOptions? Webhook { get; init; }

    /// <summary>How mail is sent; <c>null</c> when it is no channel.</summary>
    public EmailOptions? Email { get; init; }

    /// <summary>Where mail reaches persons. Addresses identify nobody.</summary>
    public ImmutableDictionary<PersonId, EmailAddress> Addresses { get; init; } =
        ImmutableDictionary<PersonId, EmailAddress>.Empty;

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
        .. Webhook is null ? [] : new[] { WebhookOutbox.Channel },
        .. Email is null ? [] : new[] { EmailOutbox.Channel },
        .. Teams is null ? [] : new[] { TeamsOutbox.Channel },
    ];
}
