using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Countersign.Core;

namespace Countersign.Server.Console.Sessions;

/// <summary>Unguessable texts for cookies, forms and links, and the hashes under which they are kept.</summary>
internal static class SecretText
{
    private const int RandomBytes = 32;

    public static string Create(FillRandom random)
    {
        Span<byte> bytes = stackalloc byte[RandomBytes];
        random(bytes);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>What is kept instead of the secret: looking it up tells an observer nothing about the secret.</summary>
    public static string HashOf(string secret) =>
        Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    public static bool AreEqual(string expected, string? given) =>
        given is not null
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(expected), Encoding.UTF8.GetBytes(given));
}
