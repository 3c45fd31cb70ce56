using System.Security.Cryptography;
using System.Text;

namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>
/// What a server keeps of a password (RFC 5802 section 3, RFC 7677): enough to check it, too little to use it.
/// </summary>
internal sealed record ScramVerifier(
    int Iterations, ReadOnlyMemory<byte> Salt, ReadOnlyMemory<byte> StoredKey, ReadOnlyMemory<byte> ServerKey)
{
    public const int OrdinaryIterations = 4096;
    public const int OrdinarySalt = 16;

    /// <summary>
    /// Derives the verifier of a password; one salt for all tokens of an agent lets one exchange check all.
    /// </summary>
    public static ScramVerifier Derive(string password, int iterations, ReadOnlySpan<byte> salt)
    {
        var salted = SaltedPassword(password, iterations, salt);
        return new ScramVerifier(
            iterations,
            salt.ToArray(),
            SHA256.HashData(ClientKey(salted)),
            HMACSHA256.HashData(salted, "Server Key"u8));
    }

    /// <summary>
    /// Hi() of RFC 5802. Drivers normalise with SASLprep first, which leaves tokens (ASCII) as they are.
    /// </summary>
    public static byte[] SaltedPassword(string password, int iterations, ReadOnlySpan<byte> salt) =>
        Rfc2898DeriveBytes.Pbkdf2(
            Encoding.UTF8.GetBytes(password), salt, iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);

    public static byte[] ClientKey(byte[] saltedPassword) => HMACSHA256.HashData(saltedPassword, "Client Key"u8);

    /// <summary>Whether one exchange can check both: a client is told one salt and one number of iterations.</summary>
    public bool IsCheckedWith(ScramVerifier other) =>
        Iterations == other.Iterations && Salt.Span.SequenceEqual(other.Salt.Span);

    public bool Matches(string password) => CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(ClientKey(SaltedPassword(password, Iterations, Salt.Span))), StoredKey.Span);
}
