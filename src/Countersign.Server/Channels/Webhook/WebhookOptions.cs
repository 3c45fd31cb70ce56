using System.Collections.Immutable;

namespace Countersign.Server.Channels.Webhook;

/// <summary>Where deliveries go, and what signs them. A class, so that no text of it shows a secret.</summary>
internal sealed class WebhookOptions(Uri url, ImmutableArray<WebhookSecret> secrets)
{
    public Uri Url { get; } = url;

    /// <summary>All of them sign: while a secret is changed, a receiver may know either.</summary>
    public ImmutableArray<WebhookSecret> Secrets { get; } = secrets;

    /// <summary>How long one delivery may take.</summary>
    public TimeSpan Patience { get; init; } = WebhookLimits.Call;
}
