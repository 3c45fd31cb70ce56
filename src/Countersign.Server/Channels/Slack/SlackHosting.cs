using Countersign.Core.Storage;
using Countersign.Server.Console;
using Countersign.Server.Console.Endpoints;

namespace Countersign.Server.Channels.Slack;

/// <summary>Puts the Slack channel into a node.</summary>
internal static class SlackHosting
{
    /// <summary>
    /// Registers the channel. It finds in the container: Gatekeeper, ReviewDesk, AgentDesk, RevisionForms,
    /// ActionLookup, IStore, IArchive, Func&lt;Charter&gt;, Func&lt;ActionId, Uri&gt;, IsRegistered, TimeProvider and
    /// FillRandom.
    /// </summary>
    /// <param name="services">The node's.</param>
    /// <param name="options">What the configuration says.</param>
    /// <param name="linkKey">Under which rows name accounts.</param>
    /// <param name="console">The address of the console.</param>
    public static IServiceCollection AddSlack(
        this IServiceCollection services, SlackOptions options, byte[] linkKey, Func<IServiceProvider, Uri> console)
    {
        services
            .AddSingleton(options)
            .AddSingleton(new ChannelHealth(SlackOutbox.Channel))
            .AddSingleton<SlackClient>()
            .AddSingleton<SlackWorkspace>()
            .AddSingleton(provider => new SlackLinks(provider.GetRequiredService<IStore>(), linkKey))
            .AddSingleton<SlackPeople>()
            .AddSingleton<SlackCodes>()
            .AddSingleton<SlackLinking>()
            .AddSingleton(provider => new SlackConversation(
                provider.GetRequiredService<SlackClient>(),
                provider.GetRequiredService<SlackReplies>(),
                () => console(provider),
                provider.GetRequiredService<ILogger<SlackConversation>>()))
            .AddSingleton<SlackRevisions>()
            .AddSingleton<SlackStops>()
            .AddSingleton<SlackDesk>()
            .AddSingleton<SlackRedeliveries>()
            .AddSingleton<SlackInbox>()
            .AddSingleton<SlackCard>()
            .AddSingleton(provider => new SlackNotices(
                provider.GetRequiredService<IArchive>(), () => console(provider)))
            .AddSingleton<SlackOutboxRooms>()
            .AddSingleton<SlackOutbox>()
            .AddSingleton<AccountEndpoints>()
            .AddSingleton<SlackReplies>()
            .AddHostedService(provider => provider.GetRequiredService<SlackReplies>())
            .AddHostedService<SlackDelivery>();
        if (options.AppToken is not null)
        {
            services.AddHostedService<SlackSocket>();
        }

        return services;
    }

    public static void MapSlack(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        if (services.GetService<SlackOptions>() is { } options)
        {
            new SlackEndpoint(
                new SlackSignature(options.SigningSecret, services.GetRequiredService<TimeProvider>()),
                services.GetRequiredService<SlackInbox>(),
                services.GetRequiredService<ILogger<SlackEndpoint>>()).Map(routes);
            var (door, accounts) = (
                services.GetRequiredService<ConsoleDoor>(), services.GetRequiredService<AccountEndpoints>());
            routes.MapMethods(
                "/console/accounts", [HttpMethods.Get, HttpMethods.Head], door.Page(accounts.ShowAsync));
            routes.MapPost("/console/accounts/code", door.Form(accounts.MakeCodeAsync));
            routes.MapPost("/console/accounts/unlink", door.Form(accounts.UnlinkAsync));
        }
    }
}
