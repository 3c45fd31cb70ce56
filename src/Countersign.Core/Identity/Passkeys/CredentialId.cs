using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Countersign.Core.Identity.Passkeys;

/// <summary>What an authenticator calls a credential: 1 to 1023 bytes, written as base64url.</summary>
public readonly record struct CredentialId
{
    /// <summary>WebAuthn section 4, "Credential ID".</summary>
    private const int MaxBytes = 1023;

    private readonly string? _value;

    private CredentialId(string value) => _value = value;

    public string Value => _value ?? throw new InvalidOperationException("A default CredentialId names nothing.");

    /// <summary>
    /// What the store finds the credential by: the id itself stays in the sealed payload, because it names a person's
    /// device.
    /// </summary>
    public string Locator => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Value)));

    /// <exception cref="FormatException">There are none or too many.</exception>
    public static CredentialId Of(ReadOnlySpan<byte> bytes) => bytes.Length is > 0 and <= MaxBytes
        ? new CredentialId(Base64Url.EncodeToString(bytes))
        : throw new FormatException($"A credential's id has 1 to {MaxBytes} bytes.");

    public static CredentialId Parse(string text) => Of(Base64Text.Decode(text, "credential's id"));

    public byte[] ToBytes() => Base64Url.DecodeFromChars(Value);

    public override string ToString() => _value ?? "";
}
