using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Countersign.Core.Identity.Passkeys;

/// <summary>A browser's answer to <c>navigator.credentials.create</c>, as it came.</summary>
public sealed record PasskeyRegistration(
    CredentialId Id, ReadOnlyMemory<byte> ClientDataJson, ReadOnlyMemory<byte> AttestationObject)
{
    /// <summary>
    /// Checks it (WebAuthn section 7.1). Attestation is <c>none</c> or <c>self</c>: a certificate says something only
    /// to whoever trusts its root, and this version asks for none.
    /// </summary>
    internal bool TryVerify(
        Ceremony ceremony,
        [NotNullWhen(true)] out AuthenticatorData? data,
        [NotNullWhen(false)] out string? refusal)
    {
        data = null;
        try
        {
            var (format, statement, encoded) = ReadAttestation();
            var said = AuthenticatorData.Parse(encoded);
            refusal = ClientData.Parse(ClientDataJson).WhyNot("webauthn.create", ceremony)
                ?? ceremony.WhyNot(said)
                ?? WhyNot(said)
                ?? WhyNot(format, statement, encoded, said);
            data = refusal is null ? said : null;
        }
        catch (FormatException malformed)
        {
            refusal = malformed.Message;
        }

        return data is not null;
    }

    private (string Format, CborValue.Map Statement, ReadOnlyMemory<byte> Data) ReadAttestation() =>
        CborReader.ReadAll(AttestationObject) is CborValue.Map { Members.Length: 3 } members
        && members.Find("fmt") is CborValue.Text { Value: var format }
        && members.Find("attStmt") is CborValue.Map statement
        && members.Find("authData") is CborValue.Bytes { Value: var data }
            ? (format, statement, data)
            : throw new FormatException("The attestation object has other members than WebAuthn describes.");

    private string? WhyNot(AuthenticatorData data) => data.Credential switch
    {
        null => "The authenticator's answer holds no credential.",
        { Id: var made } when made != Id => "The browser names another credential than the authenticator.",
        _ => null,
    };

    private string? WhyNot(
        string format, CborValue.Map statement, ReadOnlyMemory<byte> encoded, AuthenticatorData data) => format switch
    {
        "none" => statement.Members.IsEmpty ? null : "The attestation says 'none' and has a statement.",
        "packed" when statement.Find("x5c") is null => IsSelfAttested(statement, encoded, data.Credential!.Key)
            ? null
            : "The authenticator's signature over its own new key is wrong.",
        _ => "The authenticator attests itself by a certificate, and this site asks for none.",
    };

    /// <summary>WebAuthn section 8.2: the new key signs what is said about it.</summary>
    private bool IsSelfAttested(CborValue.Map statement, ReadOnlyMemory<byte> encoded, CoseKey key) =>
        statement.Members.Length == 2
        && statement.Find("alg") == new CborValue.Integer(key.Algorithm)
        && statement.Find("sig") is CborValue.Bytes { Value: var signature }
        && key.Verify([.. encoded.Span, .. SHA256.HashData(ClientDataJson.Span)], signature.Span);
}
