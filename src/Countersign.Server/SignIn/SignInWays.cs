using Countersign.Core.Identity;
using Countersign.Server.Configuration;

namespace Countersign.Server.SignIn;

/// <summary>How people sign in besides tokens and passkeys, and who they then are.</summary>
internal sealed record SignInWays
{
    /// <summary>The identity provider; <c>null</c> when there is none.</summary>
    public OpenIdProvider? Provider { get; init; }

    /// <summary>Where what it says of people's groups is kept; there is one when there is a provider.</summary>
    public Standings? Standings { get; init; }

    /// <summary>The proxy in front; <c>null</c> when there is none.</summary>
    public ProxyIdentity? Proxy { get; init; }

    /// <summary>Whom a subject means here; <c>null</c> for nobody.</summary>
    public Func<Subject, PersonId?> FindPerson { get; init; } = static _ => null;

    /// <summary>How browsers reach this server.</summary>
    public Func<Uri> PublicUrl { get; init; } = static () => new Uri("http://127.0.0.1:7070");
}
