namespace Countersign.Server.Channels.Webhook;

/// <summary>Puts the webhook channel into a node.</summary>
internal static class WebhookHosting
{
    public static IServiceCollection AddWebhook(this IServiceCollection services, WebhookOptions options) => services
        .AddSingleton(options)
        .AddSingleton<WebhookClient>()
        .AddSingleton<WebhookCard>()
        .AddOutbox<WebhookOutbox>(new ChannelHealth(WebhookOutbox.Channel, "The webhook's receiver"));
}
