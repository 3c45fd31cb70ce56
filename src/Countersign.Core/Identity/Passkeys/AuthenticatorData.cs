using System.Buffers.Binary;

namespace Countersign.Core.Identity.Passkeys;

/// <summary>What an authenticator says of itself and of one use of it (WebAuthn section 6.1).</summary>
internal sealed record AuthenticatorData(ReadOnlyMemory<byte> RelyingPartyHash, uint SignCount)
{
    private const int HashLength = 32;
    private const int FixedLength = HashLength + 5;

    private const int UserPresent = 0x01;
    private const int UserVerified = 0x04;
    private const int BackupEligible = 0x08;
    private const int BackedUp = 0x10;
    private const int HasCredential = 0x40;
    private const int HasExtensions = 0x80;

    /// <summary>Somebody touched it.</summary>
    public bool IsUserPresent { get; private init; }

    /// <summary>It knows who: by a PIN, a finger, a face.</summary>
    public bool IsUserVerified { get; private init; }

    /// <summary>The credential may be copied to other devices of the person.</summary>
    public bool IsBackupEligible { get; private init; }

    public bool IsBackedUp { get; private init; }

    /// <summary>The credential it has just made; only at enrolment.</summary>
    public AttestedCredential? Credential { get; private init; }

    /// <exception cref="FormatException">The bytes are not exactly authenticator data.</exception>
    public static AuthenticatorData Parse(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < FixedLength)
        {
            throw new FormatException("The authenticator data end too early.");
        }

        var flags = bytes.Span[HashLength];
        var rest = bytes[FixedLength..];
        var credential = (flags & HasCredential) != 0 ? AttestedCredential.Read(ref rest) : null;
        if ((flags & HasExtensions) != 0)
        {
            rest = rest[ReadExtensions(rest)..];
        }

        return rest.Length == 0
            ? new AuthenticatorData(
                bytes[..HashLength], BinaryPrimitives.ReadUInt32BigEndian(bytes.Span[(HashLength + 1)..]))
            {
                IsUserPresent = (flags & UserPresent) != 0,
                IsUserVerified = (flags & UserVerified) != 0,
                IsBackupEligible = (flags & BackupEligible) != 0,
                IsBackedUp = (flags & BackedUp) != 0,
                Credential = credential,
            }
            : throw new FormatException("Something follows the authenticator data.");
    }

    private static int ReadExtensions(ReadOnlyMemory<byte> rest)
    {
        var reader = new CborReader(rest);
        return reader.Read() is CborValue.Map
            ? reader.Consumed
            : throw new FormatException("The authenticator's extensions are no map.");
    }
}

/// <summary>A new credential (WebAuthn section 6.5.2).</summary>
/// <param name="Model">The AAGUID: which model of authenticator it says to be.</param>
/// <param name="Id">The credential's id.</param>
/// <param name="EncodedKey">Its public key as it was spelled.</param>
/// <param name="Key">Its public key.</param>
internal sealed record AttestedCredential(
    ReadOnlyMemory<byte> Model, CredentialId Id, ReadOnlyMemory<byte> EncodedKey, CoseKey Key)
{
    private const int ModelLength = 16;
    private const int HeadLength = ModelLength + 2;

    /// <summary>Reads it off the front of the rest.</summary>
    public static AttestedCredential Read(ref ReadOnlyMemory<byte> rest)
    {
        if (rest.Length < HeadLength)
        {
            throw new FormatException("The authenticator data end within the credential.");
        }

        var model = rest[..ModelLength];
        var idLength = BinaryPrimitives.ReadUInt16BigEndian(rest.Span[ModelLength..]);
        rest = rest[HeadLength..];
        if (rest.Length < idLength)
        {
            throw new FormatException("The authenticator data end within the credential's id.");
        }

        var id = CredentialId.Of(rest.Span[..idLength]);
        rest = rest[idLength..];
        var reader = new CborReader(rest);
        var members = reader.Read() as CborValue.Map
            ?? throw new FormatException("The credential's public key is no COSE key.");
        var encoded = rest[..reader.Consumed];
        rest = rest[reader.Consumed..];
        return new AttestedCredential(model, id, encoded, CoseKey.Of(members));
    }
}
