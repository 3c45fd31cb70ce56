using System.Collections.Immutable;

namespace Countersign.Core.Identity.Tokens;

/// <summary>What a token has to say to be taken; everything not named here is refused.</summary>
/// <param name="Issuer">The exact <c>iss</c>.</param>
/// <param name="Audience">What <c>aud</c> has to contain.</param>
public sealed record TokenRules(string Issuer, string Audience)
{
    /// <summary>What it may be signed with.</summary>
    public ImmutableHashSet<TokenAlgorithm> Algorithms { get; init; } =
        [TokenAlgorithm.Rs256, TokenAlgorithm.Ps256, TokenAlgorithm.Es256, TokenAlgorithm.EdDsa];

    /// <summary>How far the issuer's clock may be from ours.</summary>
    public TimeSpan Skew { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The value of <c>nonce</c> that ties an ID token to one sign-in; <c>null</c> asks for none.</summary>
    public string? Nonce { get; init; }

    /// <summary>
    /// What its issuer has to vouch for its key with (<c>endorsements</c> of the key, Bot Connector authentication);
    /// <c>null</c> asks for nothing.
    /// </summary>
    public string? Endorsement { get; init; }

    /// <summary>Whether <c>aud</c> names the audience and nobody else.</summary>
    public bool IsForOneOnly { get; init; }

    /// <summary>
    /// Whether it speaks for a service and so may be about nobody: the claims then have no
    /// <see cref="TokenClaims.Subject"/>.
    /// </summary>
    public bool IsOfService { get; init; }

    /// <summary>Whether it is to be an ID token (OpenID Connect Core section 3.1.3.7).</summary>
    public bool IsIdToken { get; init; }
}
