using System.Collections.Immutable;
using System.Security.Cryptography;
using Countersign.Core.Ledger.Ed25519;

namespace Countersign.Core.Identity.Passkeys;

/// <summary>
/// A credential's public key as its authenticator spells it (RFC 9052, RFC 9053). Of each algorithm there is one
/// accepted spelling: exactly the members it needs, of exactly the lengths it needs (WebAuthn section 5.8.5).
/// </summary>
internal abstract class CoseKey
{
    private const int KeyType = 1;
    private const int AlgorithmMember = 3;
    private const int Curve = -1;
    private const int X = -2;
    private const int Y = -3;
    private const int Modulus = -1;
    private const int Exponent = -2;

    private CoseKey()
    {
    }

    /// <summary>What credentials may sign with, in the order in which it is preferred: ES256, EdDSA, RS256.</summary>
    public static ImmutableArray<int> Algorithms { get; } = [-7, -8, -257];

    /// <summary>Its number in the registry of COSE algorithms.</summary>
    public abstract int Algorithm { get; }

    /// <exception cref="FormatException">It is no key of an algorithm that is taken.</exception>
    public static CoseKey Parse(ReadOnlyMemory<byte> encoded) => CborReader.ReadAll(encoded) is CborValue.Map members
        ? Of(members)
        : throw new FormatException("The credential's public key is no COSE key.");

    public static CoseKey Of(CborValue.Map members)
    {
        var algorithm = (members.Find(AlgorithmMember) as CborValue.Integer)?.Value;
        return algorithm switch
        {
            -7 => new Es256(members),
            -8 => new EdDsa(members),
            -257 => new Rs256(members),
            _ => throw new FormatException(
                $"The credential signs with algorithm {algorithm?.ToString() ?? "unknown"}; ES256, EdDSA (Ed25519) " +
                "and RS256 are taken."),
        };
    }

    /// <summary>Whether the signature is this key's over exactly these bytes.</summary>
    public abstract bool Verify(ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature);

    private static void Check(CborValue.Map members, int type, int count, int? curve)
    {
        var fits = members.Members.Length == count
            && members.Find(KeyType) == new CborValue.Integer(type)
            && (curve is not { } wanted || members.Find(Curve) == new CborValue.Integer(wanted));
        if (!fits)
        {
            throw new FormatException("The credential's public key has other members than its algorithm needs.");
        }
    }

    private static byte[] BytesOf(CborValue.Map members, int key, Range length) =>
        members.Find(key) is CborValue.Bytes { Value: var bytes }
        && bytes.Length >= length.Start.Value && bytes.Length <= length.End.Value
            ? bytes.ToArray()
            : throw new FormatException("A member of the credential's public key is missing or of a wrong length.");

    /// <summary>ECDSA over P-256 with SHA-256; the signature is DER.</summary>
    private sealed class Es256 : CoseKey
    {
        private readonly ECParameters _parameters;

        public Es256(CborValue.Map members)
        {
            Check(members, type: 2, count: 5, curve: 1);
            _parameters = new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = BytesOf(members, X, 32..32), Y = BytesOf(members, Y, 32..32) },
            };
            using var _ = Open();
        }

        public override int Algorithm => -7;

        public override bool Verify(ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
        {
            using var key = Open();
            return key.VerifyData(
                signed, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }

        private ECDsa Open()
        {
            try
            {
                return ECDsa.Create(_parameters);
            }
            catch (CryptographicException)
            {
                throw new FormatException("The credential's public key is no point of its curve.");
            }
        }
    }

    private sealed class EdDsa : CoseKey
    {
        private readonly Ed25519PublicKey _key;

        public EdDsa(CborValue.Map members)
        {
            Check(members, type: 1, count: 4, curve: 6);
            _key = new Ed25519PublicKey(BytesOf(members, X, 32..32));
        }

        public override int Algorithm => -8;

        public override bool Verify(ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature) =>
            _key.Verify(signed, signature);
    }

    /// <summary>RSASSA-PKCS1-v1_5 with SHA-256, for keys of 2048 bits and more.</summary>
    private sealed class Rs256 : CoseKey
    {
        private readonly RSAParameters _parameters;

        public Rs256(CborValue.Map members)
        {
            Check(members, type: 3, count: 4, curve: null);
            _parameters = new RSAParameters
            {
                Modulus = BytesOf(members, Modulus, 256..512),
                Exponent = BytesOf(members, Exponent, 3..4),
            };

            // A leading zero would be a second spelling, and an even number is no modulus.
            if (_parameters.Modulus[0] == 0 || (_parameters.Modulus[^1] & _parameters.Exponent[^1] & 1) == 0)
            {
                throw new FormatException("The credential's public key is no RSA key.");
            }
        }

        public override int Algorithm => -257;

        public override bool Verify(ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
        {
            using var key = RSA.Create(_parameters);
            return key.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }
    }
}
