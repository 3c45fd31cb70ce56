using Countersign.Core;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Storage;
using Countersign.Server.Channels.Email;
using Countersign.Server.Channels.Slack;
using Countersign.Server.Channels.Teams;
using Countersign.Server.Channels.Webhook;
using Countersign.Server.Console;
using Countersign.Server.Console.Endpoints;

namespace Countersign.Server.Channels;

/// <summary>Puts the channels into a node.</summary>
internal static class ChannelHosting
{
    /// <summary>
    /// Registers what channels share, and each that is configured. They find in the container: Gatekeeper, ReviewDesk,
    /// AgentDesk, RevisionForms, ActionLookup, IStore, IArchive, Func&lt;Charter&gt;, Func&lt;ActionId, Uri&gt;,
    /// IsRegistered, ProviderHttp, TimeProvider and FillRandom.
    /// </summary>
    /// <param name="services">The node's.</param>
    /// <param name="settings">What the configuration says.</param>
    /// <param name="linkKey">Under which rows name accounts, and who was told by mail.</param>
    /// <param name="console">The address of the console.</param>
    public static IServiceCollection AddChannels(
        this IServiceCollection services,
        ChannelSettings settings,
        byte[] linkKey,
        Func<IServiceProvider, Uri> console)
    {
        services
            .AddSingleton(settings)
            .AddSingleton(provider => new AccountLinks(provider.GetRequiredService<IStore>(), linkKey))
            .AddSingleton(provider => new AccountBook(
                settings.Accounts,
                provider.GetRequiredService<IsRegistered>(),
                provider.GetRequiredService<AccountLinks>()))
            .AddSingleton<LinkCodes>()
            .AddSingleton<AccountLinking>()
            .AddSingleton<ChatVotes>()
            .AddSingleton<ChatRevisions>()
            .AddSingleton<ChatStops>()
            .AddSingleton(provider => new ChannelNotices(
                provider.GetRequiredService<IArchive>(), () => console(provider)))
            .AddSingleton<OutboxRooms>()
            .AddSingleton<AccountEndpoints>();
        if (settings.Slack is { } slack)
        {
            services.AddSlack(slack, console);
        }

        if (settings.Teams is { } teams)
        {
            services.AddTeams(teams, console);
        }

        if (settings.Webhook is { } webhook)
        {
            services.AddWebhook(webhook);
        }

        if (settings.Email is { } email)
        {
            services.AddEmail(email, linkKey);
        }

        if (!settings.Names.IsEmpty)
        {
            services.AddHostedService<ChannelDelivery>();
        }

        return services;
    }

    /// <summary>Registers the outbox of one channel with its health.</summary>
    public static IServiceCollection AddOutbox<TOutbox>(this IServiceCollection services, ChannelHealth health)
        where TOutbox : ChannelOutbox => services
            .AddSingleton(health)
            .AddSingleton(provider => ActivatorUtilities.CreateInstance<TOutbox>(provider, health))
            .AddSingleton<ChannelOutbox>(provider => provider.GetRequiredService<TOutbox>());

    public static void MapChannels(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var settings = services.GetRequiredService<ChannelSettings>();
        if (settings.Slack is not null)
        {
            routes.MapSlack();
        }

        if (settings.Teams is not null)
        {
            routes.MapTeams();
        }

        if (settings.HasAccounts)
        {
            var (door, accounts) = (
                services.GetRequiredService<ConsoleDoor>(), services.GetRequiredService<AccountEndpoints>());
            routes.MapMethods(
                "/console/accounts", [HttpMethods.Get, HttpMethods.Head], door.Page(accounts.ShowAsync));
            routes.MapPost("/console/accounts/code", door.Form(accounts.MakeCodeAsync));
            routes.MapPost("/console/accounts/unlink", door.Form(accounts.UnlinkAsync));
        }
    }
}
