using System.Security.Cryptography;

namespace Countersign.Core.Identity.Passkeys;

/// <summary>
/// A browser's answer to <c>navigator.credentials.get</c>, as it came. The bytes are kept as they are: spelled anew,
/// they would not verify any more.
/// </summary>
public sealed record PasskeyAssertion(
    CredentialId Id,
    ReadOnlyMemory<byte> ClientDataJson,
    ReadOnlyMemory<byte> AuthenticatorData,
    ReadOnlyMemory<byte> Signature)
{
    /// <summary>What the authenticator calls the person, when it says so.</summary>
    public ReadOnlyMemory<byte>? UserHandle { get; init; }

    /// <summary>Why it is no valid answer of this key (WebAuthn section 7.2); <c>null</c> when it is one.</summary>
    internal string? WhyNot(Ceremony ceremony, CoseKey key)
    {
        try
        {
            return ClientData.Parse(ClientDataJson).WhyNot("webauthn.get", ceremony)
                ?? ceremony.WhyNot(Passkeys.AuthenticatorData.Parse(AuthenticatorData))
                ?? (IsSignedBy(key) ? null : "The signature is not this passkey's.");
        }
        catch (FormatException malformed)
        {
            return malformed.Message;
        }
    }

    /// <summary>The authenticator's counter; only for what was verified.</summary>
    internal uint ReadSignCount() => Passkeys.AuthenticatorData.Parse(AuthenticatorData).SignCount;

    private bool IsSignedBy(CoseKey key) => key.Verify(
        [.. AuthenticatorData.Span, .. SHA256.HashData(ClientDataJson.Span)], Signature.Span);
}
