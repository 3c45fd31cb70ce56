using Countersign.Core.Identity.Tokens;
using Countersign.Server.Configuration;
using Countersign.Server.SignIn;

namespace Countersign.Server.Channels.Teams;

/// <summary>
/// Whether the connector sent an activity (Bot Connector authentication), and whether it is about our tenant. There is
/// no setting that leaves a check out.
/// </summary>
/// <remarks>
/// (1) The token: issuer, audience, times, algorithm, signature, endorsement of the key for Teams. (2) It names the
/// address that the activity is to be answered at, so that a token of one place is worth nothing with another's. (3)
/// That address is one we were told of: nothing else is ever called. (4) Channel and tenant are ours, in both places
/// where the tenant is named.
/// </remarks>
internal sealed class TeamsToken(TeamsOptions options, TokenIssuer issuer)
{
    public const string ChannelId = "msteams";

    private const string Scheme = "Bearer ";
    private const string ServiceClaim = "serviceurl";

    /// <summary>What the issuer's tokens are checked by.</summary>
    public static IssuerOptions IssuerOf(TeamsOptions options) => new(TeamsOptions.Issuer, options.AppId)
    {
        Metadata = options.Metadata,
        Algorithms = [TokenAlgorithm.Rs256],
    };

    /// <summary>Step 1: the claims of a token that holds; without them, why not.</summary>
    public async Task<(TokenClaims? Claims, string? WhyNot)> VerifyAsync(
        string? authorization, CancellationToken cancellationToken)
    {
        if (authorization is null || !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            || !JsonWebToken.TryParse(authorization[Scheme.Length..].Trim(), out var token))
        {
            return (null, "There is no bearer token.");
        }

        var rules = issuer.Rules with
        {
            Endorsement = ChannelId,
            IsForOneOnly = true,
            IsOfService = true,
            Skew = TeamsLimits.Skew,
        };
        return await issuer.VerifyAsync(token, rules, cancellationToken) switch
        {
            TokenCheck.Passed passed => (passed.Claims, null),
            TokenCheck.Failed failed => (null, failed.Why),
            _ => (null, "The token proves nothing."),
        };
    }

    /// <summary>Steps 2 to 4: why a token does not speak for an activity; <c>null</c> when it does.</summary>
    public string? WhyNotOf(TokenClaims claims, TeamsActivity activity) => 0 switch
    {
        _ when activity.ServiceUrl is null || claims.FindText(ServiceClaim) != activity.ServiceUrl =>
            "The token is for another service address than the activity.",
        _ when !Uri.TryCreate(activity.ServiceUrl, UriKind.Absolute, out var service) || !options.Trusts(service) =>
            "The service address is none of 'service_urls'.",
        _ when activity.ChannelId != ChannelId => "The activity is of another channel than Teams.",
        _ when !IsOurs(activity.ConversationTenant) || !IsOurs(activity.ChannelTenant) =>
            "The activity is of another tenant.",
        _ => null,
    };

    private bool IsOurs(string? tenant) => Guid.TryParseExact(tenant, "D", out var id) && id == options.Tenant;
}
