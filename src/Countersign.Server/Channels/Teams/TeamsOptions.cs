using System.Collections.Immutable;

namespace Countersign.Server.Channels.Teams;

/// <summary>
/// How Microsoft Teams is reached. A class, so that no text of it shows a secret.
/// </summary>
internal sealed class TeamsOptions(string appId, string appPassword, Guid tenant)
{
    /// <summary>Who signs what the Bot Connector sends; every cloud of ours has the same.</summary>
    public const string Issuer = "https://api.botframework.com";

    /// <summary>What an access token for the Bot Connector is asked for.</summary>
    public const string Scope = "https://api.botframework.com/.default";

    public static readonly Uri StandardMetadata =
        new("https://login.botframework.com/v1/.well-known/openidconfiguration");

    /// <summary>
    /// The connector of the public cloud; activities come from a region's path below it. The first is where something
    /// is posted before anything came from there.
    /// </summary>
    public static readonly ImmutableArray<Uri> StandardServices =
        [new("https://smba.trafficmanager.net/teams/"), new("https://smba.trafficmanager.net/")];

    /// <summary>Id of the registered application, which tokens are for.</summary>
    public string AppId { get; } = appId;

    public string AppPassword { get; } = appPassword;

    /// <summary>The one tenant whose people decide.</summary>
    public Guid Tenant { get; } = tenant;

    /// <summary>Id of the channel that gets a thread for each review; <c>null</c> when only persons are told.</summary>
    public string? TeamChannel { get; init; }

    /// <summary>Where the issuer describes itself and its keys.</summary>
    public Uri Metadata { get; init; } = StandardMetadata;

    /// <summary>Where an access token is made for us; <c>null</c> takes the tenant's own.</summary>
    public Uri? TokenAddress { get; init; }

    /// <summary>Which addresses of connectors are called, each with everything below its path.</summary>
    public ImmutableArray<Uri> Services { get; init; } = StandardServices;

    public Uri Token => TokenAddress ?? new Uri($"https://login.microsoftonline.com/{Tenant:D}/oauth2/v2.0/token");

    /// <summary>Whether an address that an activity names is a connector's that we were told of.</summary>
    public bool Trusts(Uri address) => Services.Any(service =>
        address.Scheme == service.Scheme
        && address.Authority == service.Authority
        && address.Query.Length == 0
        && address.Fragment.Length == 0
        && address.UserInfo.Length == 0
        && (address.AbsolutePath.TrimEnd('/') + "/").StartsWith(
            service.AbsolutePath.TrimEnd('/') + "/", StringComparison.Ordinal));
}
