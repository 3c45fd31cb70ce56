using Countersign.Server.Console;

namespace Countersign.Server.Channels.Slack;

/// <summary>Puts the Slack channel into a node.</summary>
internal static class SlackHosting
{
    public static IServiceCollection AddSlack(
        this IServiceCollection services, SlackOptions options, Func<IServiceProvider, Uri> console)
    {
        var health = new ChannelHealth(SlackOutbox.Channel, "Slack");
        services
            .AddSingleton(options)
            .AddSingleton<SlackClient>()
            .AddSingleton<SlackWorkspace>()
            .AddSingleton<SlackPeople>()
            .AddSingleton<SlackLinking>()
            .AddSingleton(provider => new SlackConversation(
                provider.GetRequiredService<SlackClient>(),
                provider.GetRequiredService<SlackReplies>(),
                () => console(provider),
                provider.GetRequiredService<ILogger<SlackConversation>>()))
            .AddSingleton<SlackRevisions>()
            .AddSingleton<SlackStops>()
            .AddSingleton<SlackDesk>()
            .AddSingleton(SlackInbox.Deliveries)
            .AddSingleton<Redeliveries<SlackAnswer>>()
            .AddSingleton<SlackInbox>()
            .AddSingleton<SlackCard>()
            .AddSingleton<SlackPoster>()
            .AddSingleton<SlackOutbox.Rooms>()
            .AddOutbox<SlackOutbox>(health)
            .AddSingleton<SlackReplies>()
            .AddHostedService(provider => provider.GetRequiredService<SlackReplies>());
        if (options.AppToken is not null)
        {
            services.AddHostedService(provider => ActivatorUtilities.CreateInstance<SlackSocket>(provider, health));
        }

        return services;
    }

    public static void MapSlack(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        new SlackEndpoint(
            new SlackSignature(
                services.GetRequiredService<SlackOptions>().SigningSecret, services.GetRequiredService<TimeProvider>()),
            services.GetRequiredService<SlackInbox>(),
            services.GetRequiredService<ILogger<SlackEndpoint>>()).Map(routes);
    }
}
