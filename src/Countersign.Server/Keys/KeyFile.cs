using System.Security.Cryptography;
using System.Text;

namespace Countersign.Server.Keys;

/// <summary>
/// The file that keeps the ledger's private key: PKCS#8 PEM that only its owner may read, encrypted where the
/// configuration has a passphrase.
/// </summary>
internal static class KeyFile
{
    /// <summary>
    /// Writes a new file and makes it durable; an existing file is never replaced (<see cref="IOException"/>).
    /// </summary>
    public static void Create(string path, ReadOnlySpan<byte> seed, string? passphrase = null)
    {
        var pem = Encoding.ASCII.GetBytes(PrivateKeyPem.Write(seed, passphrase));
        OwnerOnlyFile.CreateKey(path, pem);
        CryptographicOperations.ZeroMemory(pem);
    }

    /// <summary>
    /// Loads the key; throws <see cref="KeyFileException"/> if others may read the file, it holds no such key, or the
    /// passphrase is not its own.
    /// </summary>
    public static Ed25519SigningKey Load(string path, string? passphrase = null)
    {
        var seed = OwnerOnlyFile.ReadKey(
            path, pem => PrivateKeyPem.Read(Encoding.ASCII.GetString(pem), passphrase));
        try
        {
            return new Ed25519SigningKey(seed);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }
    }

    /// <summary>Encrypts a key that lies in the clear, in its place.</summary>
    public static void Seal(string path, string passphrase)
    {
        var seed = OwnerOnlyFile.ReadKey(path, static pem => PrivateKeyPem.Read(Encoding.ASCII.GetString(pem)));
        OwnerOnlyFile.ReplaceKey(path, Encoding.ASCII.GetBytes(PrivateKeyPem.Write(seed, passphrase)));
        CryptographicOperations.ZeroMemory(seed);
    }
}
