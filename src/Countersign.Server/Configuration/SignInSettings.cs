using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Tokens;
using Countersign.Gates.Credentials;
using Countersign.Server.Console.Sessions;

namespace Countersign.Server.Configuration;

/// <summary>How people sign in to the console, besides passkeys (<c>sign_in:</c>).</summary>
internal sealed record SignInSettings
{
    /// <summary>The identity provider; <c>null</c> when there is none.</summary>
    public ProviderOptions? Provider { get; init; }

    /// <summary>The authenticating proxy in front; <c>null</c> when there is none.</summary>
    public ProxyOptions? Proxy { get; init; }

    /// <summary>Whether the tokens of people sign in to the console too.</summary>
    public bool TakesTokens { get; init; } = true;

    public SessionLimits Limits { get; init; } = new();
}

/// <summary>Who issues tokens, and how they are checked.</summary>
/// <param name="Issuer">The exact <c>iss</c>; its discovery document is below this address.</param>
/// <param name="Audience">What <c>aud</c> has to contain.</param>
internal sealed record IssuerOptions(string Issuer, string Audience)
{
    /// <summary>Where its keys are; <c>null</c> takes the address that its discovery document names.</summary>
    public Uri? Keys { get; init; }

    /// <summary>
    /// Where its discovery document is; <c>null</c> takes the address that follows from the issuer.
    /// </summary>
    public Uri? Metadata { get; init; }

    public ImmutableHashSet<TokenAlgorithm> Algorithms { get; init; } =
        [TokenAlgorithm.Rs256, TokenAlgorithm.Ps256, TokenAlgorithm.Es256, TokenAlgorithm.EdDsa];
}

/// <summary>An OpenID Connect provider that signs people in.</summary>
/// <param name="Issuer">Whose tokens; their audience is the client id.</param>
internal sealed record ProviderOptions(IssuerOptions Issuer)
{
    /// <summary><c>null</c> for a public client, which only PKCE protects.</summary>
    public Secret? ClientSecret { get; init; }

    /// <summary>How the button calls it.</summary>
    public required string Name { get; init; }

    /// <summary>Beside <c>openid</c>.</summary>
    public ImmutableArray<string> Scopes { get; init; } = [];

    public string GroupsClaim { get; init; } = "groups";

    /// <summary>Which of its groups is which here. Nobody is in one of these by the configuration.</summary>
    public ImmutableDictionary<string, GroupName> Groups { get; init; } = ImmutableDictionary<string, GroupName>.Empty;

    /// <summary>How old what it said of somebody's groups may be when it cannot be asked.</summary>
    public TimeSpan GroupsMaxAge { get; init; } = TimeSpan.FromMinutes(5);

    public string ClientId => Issuer.Audience;

    /// <summary>The groups whose members only the provider knows.</summary>
    public ImmutableHashSet<GroupName> Managed => [.. Groups.Values];
}

/// <summary>A proxy that has signed people in before their requests arrive.</summary>
/// <param name="UserHeader">The header with its name for somebody.</param>
/// <param name="SecretHeader">The header with the secret that no request of anybody else has.</param>
internal sealed record ProxyOptions(string UserHeader, string SecretHeader, Secret Secret);

/// <summary>How somebody outside calls a person or an agent of this configuration.</summary>
internal abstract record IdentitySettings(Subject Subject)
{
    public sealed record OfPerson(Subject Subject, PersonId Person) : IdentitySettings(Subject);

    public sealed record OfAgent(Subject Subject, AgentId Agent) : IdentitySettings(Subject);
}
