using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Countersign.Core.Identity.Passkeys;

/// <summary>Whom passkeys are made for: a domain, and the origins of its pages.</summary>
public sealed record RelyingParty(string Id, ImmutableArray<string> Origins);

/// <summary>One question to an authenticator.</summary>
public sealed record Ceremony(RelyingParty Party, ReadOnlyMemory<byte> Challenge)
{
    /// <summary>
    /// Whether the authenticator has to know who used it. What proves only that somebody touched a key is no proof of
    /// a person.
    /// </summary>
    public bool NeedsVerification { get; init; } = true;

    /// <summary>Why the authenticator's part does not do; <c>null</c> when it does.</summary>
    internal string? WhyNot(AuthenticatorData data) => 0 switch
    {
        _ when !data.RelyingPartyHash.Span.SequenceEqual(SHA256.HashData(Encoding.UTF8.GetBytes(Party.Id))) =>
            $"The passkey is for another site than {Party.Id}.",
        _ when !data.IsUserPresent => "The authenticator was not touched.",
        _ when NeedsVerification && !data.IsUserVerified =>
            "The authenticator did not check who used it: set a PIN, a finger or a face for it.",
        _ when data is { IsBackedUp: true, IsBackupEligible: false } =>
            "The authenticator contradicts itself: a copy exists of what cannot be copied.",
        _ => null,
    };
}
