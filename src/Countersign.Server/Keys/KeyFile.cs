using System.Security.Cryptography;
using System.Text;

namespace Countersign.Server.Keys;

/// <summary>The file that keeps the ledger's private key: PKCS#8 PEM that only its owner may read.</summary>
internal static class KeyFile
{
    /// <summary>
    /// Writes a new file and makes it durable; an existing file is never replaced (<see cref="IOException"/>).
    /// </summary>
    public static void Create(string path, ReadOnlySpan<byte> seed)
    {
        var pem = Encoding.ASCII.GetBytes(PrivateKeyPem.Write(seed));
        OwnerOnlyFile.CreateKey(path, pem);
        CryptographicOperations.ZeroMemory(pem);
    }

    /// <summary>
    /// Loads the key; throws <see cref="KeyFileException"/> if others may read the file or it holds no such key.
    /// </summary>
    public static Ed25519SigningKey Load(string path)
    {
        var seed = OwnerOnlyFile.ReadKey(path, static pem => PrivateKeyPem.Read(Encoding.ASCII.GetString(pem)));
        try
        {
            return new Ed25519SigningKey(seed);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }
    }
}
