using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Gates.Access;
using Countersign.Server.Configuration;
using Countersign.Server.Console.Sessions;
using Countersign.Server.Hosting;

namespace Countersign.Server.SignIn;

/// <summary>Registers how people sign in and how callers of the gates are recognised.</summary>
internal static class SignInRegistration
{
    /// <summary>It finds in the container: CharterSource, SessionStore, TimeProvider.</summary>
    public static IServiceCollection AddSignIn(
        this IServiceCollection services, Identified identified, Func<IServiceProvider, Uri> publicUrl) => services
        .AddSingleton<ProviderHttp>()
        .AddSingleton(provider => WaysOf(provider, identified.SignIn, () => publicUrl(provider)))
        .AddSingleton(provider => new Callers(
            provider.GetRequiredService<CharterSource>(),
            identified.Issuers.ToImmutableDictionary(
                issuer => issuer.Issuer, issuer => IssuerOf(provider, issuer), StringComparer.Ordinal),
            provider.GetRequiredService<ILogger<Callers>>()))
        .AddSingleton<Authenticate>(provider => provider.GetRequiredService<Callers>().FindAsync);

    private static SignInWays WaysOf(IServiceProvider services, SignInSettings settings, Func<Uri> publicUrl)
    {
        var charter = services.GetRequiredService<CharterSource>();
        var provider = settings.Provider is { } options
            ? new OpenIdProvider(
                options, IssuerOf(services, options.Issuer), services.GetRequiredService<ProviderHttp>())
            : null;
        return new SignInWays
        {
            Provider = provider,
            Standings = provider is null
                ? null
                : new Standings(
                    provider,
                    charter,
                    services.GetRequiredService<TimeProvider>(),
                    services.GetRequiredService<ILogger<Standings>>())
                {
                    Left = person => services.GetRequiredService<SessionStore>().EndOthers(person, cookie: null),
                },
            Proxy = settings.Proxy is { } proxy ? new ProxyIdentity(proxy) : null,
            FindPerson = subject => charter.Registered.Find(subject) is IdentitySettings.OfPerson { Person: var person }
                ? person
                : null,
            PublicUrl = publicUrl,
        };
    }

    private static TokenIssuer IssuerOf(IServiceProvider services, IssuerOptions options) => new(
        options,
        services.GetRequiredService<ProviderHttp>(),
        services.GetRequiredService<TimeProvider>(),
        services.GetRequiredService<ILogger<TokenIssuer>>());
}
