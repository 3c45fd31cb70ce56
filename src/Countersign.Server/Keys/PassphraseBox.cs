using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;

namespace Countersign.Server.Keys;

/// <summary>
/// A secret under a passphrase: EncryptedPrivateKeyInfo of PKCS#8 (RFC 5958 section 3) with PBES2 of RFC 8018, that is
/// PBKDF2 with HMAC-SHA-256 and AES-256-CBC, as <c>openssl pkcs8 -topk8 -v2 aes-256-cbc</c> writes it.
/// </summary>
/// <remarks>
/// CBC has no tag: a wrong passphrase shows in the padding or in what comes out, which whoever reads a key checks for
/// being one. It is chosen because every OpenSSL opens it, so that nobody needs this program for the key.
/// </remarks>
internal static class PassphraseBox
{
    /// <summary>What OWASP asks for PBKDF2 with SHA-256 since 2023; a start pays it once for each key.</summary>
    private const int Iterations = 600_000;

    /// <summary>A file that asks for more would only keep the start busy.</summary>
    private const int MaxIterations = 10_000_000;

    private const int SaltBytes = 16;
    private const int KeyBytes = 32;
    private const int BlockBytes = 16;
    private const int MaxBytes = 16 * 1024;

    private const string Pbes2 = "1.2.840.113549.1.5.13";
    private const string Pbkdf2 = "1.2.840.113549.1.5.12";
    private const string HmacSha256 = "1.2.840.113549.2.9";
    private const string Aes256Cbc = "2.16.840.1.101.3.4.1.42";

    /// <summary>Returns the DER bytes.</summary>
    public static byte[] Seal(ReadOnlySpan<byte> secret, string passphrase)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var iv = RandomNumberGenerator.GetBytes(BlockBytes);
        using var aes = AesOf(passphrase, salt, Iterations);
        var encrypted = aes.EncryptCbc(secret, iv);
        var der = new AsnWriter(AsnEncodingRules.DER);
        using (der.PushSequence())
        {
            using (der.PushSequence())
            {
                der.WriteObjectIdentifier(Pbes2);
                using (der.PushSequence())
                {
                    WriteDerivation(der, salt);
                    using (der.PushSequence())
                    {
                        der.WriteObjectIdentifier(Aes256Cbc);
                        der.WriteOctetString(iv);
                    }
                }
            }

            der.WriteOctetString(encrypted);
        }

        return der.Encode();
    }

    /// <summary>
    /// Returns the secret, which the caller clears; throws <see cref="FormatException"/> for another form and for a
    /// wrong passphrase.
    /// </summary>
    public static byte[] Open(ReadOnlyMemory<byte> der, string passphrase)
    {
        try
        {
            var info = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
            var algorithm = info.ReadSequence();
            Expect(algorithm.ReadObjectIdentifier(), Pbes2);
            var parameters = algorithm.ReadSequence();
            var (salt, iterations) = ReadDerivation(parameters.ReadSequence());
            var scheme = parameters.ReadSequence();
            Expect(scheme.ReadObjectIdentifier(), Aes256Cbc);
            var iv = scheme.ReadOctetString();
            var encrypted = info.ReadOctetString();
            if (iv.Length != BlockBytes || encrypted.Length > MaxBytes)
            {
                throw new FormatException("its encryption has other lengths than AES-256-CBC gives a key");
            }

            using var aes = AesOf(passphrase, salt, iterations);
            return aes.DecryptCbc(encrypted, iv);
        }
        catch (AsnContentException malformed)
        {
            throw new FormatException($"its encryption cannot be read ({malformed.Message})", malformed);
        }
        catch (CryptographicException wrong)
        {
            throw new FormatException("ledger.passphrase does not open it", wrong);
        }
    }

    private static void WriteDerivation(AsnWriter der, byte[] salt)
    {
        using (der.PushSequence())
        {
            der.WriteObjectIdentifier(Pbkdf2);
            using (der.PushSequence())
            {
                der.WriteOctetString(salt);
                der.WriteInteger(Iterations);
                using (der.PushSequence())
                {
                    der.WriteObjectIdentifier(HmacSha256);
                    der.WriteNull();
                }
            }
        }
    }

    private static (byte[] Salt, int Iterations) ReadDerivation(AsnReader derivation)
    {
        Expect(derivation.ReadObjectIdentifier(), Pbkdf2);
        var parameters = derivation.ReadSequence();
        var salt = parameters.ReadOctetString();
        if (!parameters.TryReadInt32(out var iterations) || iterations is < 1 or > MaxIterations)
        {
            throw new FormatException($"its key derivation asks for more than {MaxIterations} rounds, or for none");
        }

        // A key length may stand here; AES-256 has only one.
        if (parameters.PeekTag().HasSameClassAndValue(Asn1Tag.Integer))
        {
            parameters.ReadInteger();
        }

        Expect(parameters.ReadSequence().ReadObjectIdentifier(), HmacSha256);
        return (salt, iterations);
    }

    private static Aes AesOf(string passphrase, byte[] salt, int iterations)
    {
        var aes = Aes.Create();
        aes.Key = Rfc2898DeriveBytes.Pbkdf2(
            Encoding.UTF8.GetBytes(passphrase), salt, iterations, HashAlgorithmName.SHA256, KeyBytes);
        return aes;
    }

    private static void Expect(string found, string known)
    {
        if (found != known)
        {
            throw new FormatException(
                $"it is encrypted with {found}, and only PBES2 with PBKDF2, HMAC-SHA-256 and AES-256-CBC is read; "
                + "write it again with 'openssl pkcs8 -topk8 -v2 aes-256-cbc'");
        }
    }
}
