using System.Security.Cryptography;
using System.Text;
using Countersign.Core.Redaction;
using Countersign.Server.Configuration;
using Countersign.Server.Keys;

namespace Countersign.Server.Hosting;

/// <summary>The file of the key under which values are hashed and tokenised: 32 bytes as one line of base64.</summary>
internal static class RedactionKeyFile
{
    /// <summary>
    /// Reads the key, or makes it while the store is empty: with another key, values that were equal would no longer
    /// look equal, and no token could be opened again.
    /// </summary>
    /// <exception cref="ConfigurationException">A target needs the key, and it is missing.</exception>
    public static RedactionKey? Open(Settings settings, bool storeIsEmpty)
    {
        var path = settings.Redaction.KeyFile;
        if (!File.Exists(path) && storeIsEmpty)
        {
            Create(path);
        }

        return File.Exists(path) ? Load(path)
            : !settings.NeedsRedactionKey ? null
            : throw new ConfigurationException(
                $"The redaction key '{path}' is missing, a target hashes or tokenises with it, and keys are made only "
                + "while the store is empty. Restore it from its backup; if there never was one, make it: "
                + $"'head -c 32 /dev/urandom | base64 > {path} && chmod 600 {path}'.");
    }

    /// <exception cref="KeyFileException">The file holds no such key, or others may read it.</exception>
    public static RedactionKey Load(string path) => OwnerOnlyFile.ReadKey(path, static content =>
    {
        var key = new byte[RedactionKey.Length];
        try
        {
            return Convert.TryFromBase64String(Encoding.ASCII.GetString(content).Trim(), key, out var length)
                && length == key.Length
                    ? new RedactionKey(key)
                    : throw new FormatException(
                        $"it holds no key ({RedactionKey.Length} bytes in base64). Restore it from its backup");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    });

    private static void Create(string path)
    {
        var key = RandomNumberGenerator.GetBytes(RedactionKey.Length);
        OwnerOnlyFile.CreateKey(path, Encoding.ASCII.GetBytes(Convert.ToBase64String(key) + "\n"));
        CryptographicOperations.ZeroMemory(key);
    }
}
