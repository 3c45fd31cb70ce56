using Countersign.Server.SignIn;

namespace Countersign.Server.Channels.Teams;

/// <summary>Puts the Teams channel into a node.</summary>
internal static class TeamsHosting
{
    public static IServiceCollection AddTeams(
        this IServiceCollection services, TeamsOptions options, Func<IServiceProvider, Uri> console) => services
        .AddSingleton(options)
        .AddSingleton(provider => new TeamsToken(options, new TokenIssuer(
            TeamsToken.IssuerOf(options),
            provider.GetRequiredService<ProviderHttp>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<TokenIssuer>>())))
        .AddSingleton<TeamsAccess>()
        .AddSingleton<TeamsConnector>()
        .AddSingleton<TeamsRoster>()
        .AddSingleton<TeamsPeople>()
        .AddSingleton(provider => new TeamsPages(
            provider.GetRequiredService<Func<Core.Actions.ActionId, Uri>>(), () => console(provider)))
        .AddSingleton<TeamsReviews>()
        .AddSingleton<TeamsCard>()
        .AddSingleton<TeamsViews>()
        .AddSingleton<TeamsForum>()
        .AddSingleton<TeamsDesk>()
        .AddSingleton(new RedeliveryOptions<TeamsAnswer>(
            TeamsOutbox.Channel,
            _ => new TeamsAnswer.Said("This was taken already; the card shows what became of it."),
            new TeamsAnswer.Unavailable(),
            TeamsLimits.Memory))
        .AddSingleton<Redeliveries<TeamsAnswer>>()
        .AddSingleton<TeamsPoster>()
        .AddSingleton<TeamsReaders>()
        .AddSingleton<TeamsGreeter>()
        .AddSingleton<TeamsInbox>()
        .AddSingleton<TeamsEndpoint>()
        .AddSingleton<TeamsOutbox.Rooms>()
        .AddOutbox<TeamsOutbox>(new ChannelHealth(TeamsOutbox.Channel, "Microsoft Teams"));

    public static void MapTeams(this IEndpointRouteBuilder routes) =>
        routes.ServiceProvider.GetRequiredService<TeamsEndpoint>().Map(routes);
}
