using System.Security.Cryptography;
using System.Text;

namespace Countersign.Server.Configuration;

/// <summary>
/// How a presented token is recognised: by the SHA-256 of the token, or by a SCRAM-SHA-256 verifier (RFC 5803).
/// </summary>
internal abstract record TokenSecret
{
    /// <summary>Tokens written out with fewer characters can be guessed; <c>doctor</c> names them.</summary>
    private const int ShortLength = 16;

    public const string HashPrefix = "sha256:";

    private const int ScramIterations = 4096;
    public const int SaltLength = 16;
    private const string ScramPrefix = "scram-sha-256:";
    private const int HashLength = 32;

    private TokenSecret()
    {
    }

    /// <summary>Reads a configured token; the problem says what would be right.</summary>
    /// <param name="text">As it is configured.</param>
    /// <param name="salt">
    /// Salt of the verifier that is derived of a token in clear, for a gate whose protocol never shows it the token;
    /// none is derived without. All tokens of an agent have one, so that one exchange can check them all.
    /// </param>
    public static (TokenSecret? Secret, string? Problem) Parse(string text, byte[]? salt)
    {
        if (text.StartsWith(HashPrefix, StringComparison.Ordinal))
        {
            return TryHex(text[HashPrefix.Length..], out var hash)
                ? (new Hashed(Convert.ToHexStringLower(hash)), null)
                : (null, "is 'sha256:' and 64 hex digits; 'countersign agent token' prints one");
        }

        if (text.StartsWith(ScramPrefix, StringComparison.Ordinal))
        {
            return ParseScram(text[ScramPrefix.Length..].Split(':'));
        }

        return (new Hashed(HashOf(text))
        {
            IsShort = text.Length < ShortLength,
            Verifier = salt is null ? null : Scram.Derive(text, salt),
        }, null);
    }

    public static string HashOf(string token) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    /// <summary>The verifier of a token as the configuration holds it (RFC 5803), under a fresh salt.</summary>
    public static string ScramVerifierOf(string token)
    {
        var verifier = Scram.Derive(token, RandomNumberGenerator.GetBytes(SaltLength));
        string[] parts =
        [
            Convert.ToBase64String(verifier.Salt),
            Convert.ToBase64String(verifier.StoredKey),
            Convert.ToBase64String(verifier.ServerKey),
        ];
        return $"{ScramPrefix}{ScramIterations}:{string.Join(':', parts)}";
    }

    private static (TokenSecret? Secret, string? Problem) ParseScram(string[] parts)
    {
        const string form = "is 'scram-sha-256:<iterations>:<salt>:<StoredKey>:<ServerKey>' with base64 parts";
        if (parts.Length != 4 || !int.TryParse(parts[0], out var iterations) || iterations is < 4096 or > 1_000_000)
        {
            return (null, form + " and 4096 to 1000000 iterations");
        }

        var salt = new byte[parts[1].Length];
        var stored = new byte[parts[2].Length];
        var server = new byte[parts[3].Length];
        return Convert.TryFromBase64String(parts[1], salt, out var saltLength) && saltLength > 0
            && Convert.TryFromBase64String(parts[2], stored, out var storedLength) && storedLength == HashLength
            && Convert.TryFromBase64String(parts[3], server, out var serverLength) && serverLength == HashLength
            ? (new Scram(iterations, salt[..saltLength], stored[..storedLength], server[..serverLength]), null)
            : (null, form);
    }

    private static bool TryHex(string text, out byte[] hash)
    {
        hash = text.Length == 2 * HashLength && text.All(char.IsAsciiHexDigit) ? Convert.FromHexString(text) : [];
        return hash.Length == HashLength;
    }

    /// <summary>Lower-case hex of the token's SHA-256.</summary>
    public sealed record Hashed(string Hash) : TokenSecret
    {
        public bool IsShort { get; init; }

        /// <summary>For gates that are never shown a token; <c>null</c> where only the hash was ever known.</summary>
        public Scram? Verifier { get; init; }
    }

    public sealed record Scram(int Iterations, byte[] Salt, byte[] StoredKey, byte[] ServerKey) : TokenSecret
    {
        /// <summary>The verifier of a token (RFC 5802 section 3).</summary>
        public static Scram Derive(string token, byte[] salt)
        {
            var salted = Rfc2898DeriveBytes.Pbkdf2(token, salt, ScramIterations, HashAlgorithmName.SHA256, HashLength);
            return new Scram(
                ScramIterations,
                salt,
                SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8)),
                HMACSHA256.HashData(salted, "Server Key"u8));
        }

        /// <summary>Whether the token's StoredKey is the configured one (RFC 5802 section 3).</summary>
        public bool Matches(string token)
        {
            var salted = Rfc2898DeriveBytes.Pbkdf2(token, Salt, Iterations, HashAlgorithmName.SHA256, HashLength);
            var clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
            return CryptographicOperations.FixedTimeEquals(SHA256.HashData(clientKey), StoredKey);
        }
    }
}
