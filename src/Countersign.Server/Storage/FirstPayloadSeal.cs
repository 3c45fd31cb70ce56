using System.Security.Cryptography;
using System.Text;

namespace Countersign.Server.Storage;

/// <summary>
/// Payloads as the first schema versions sealed them: <c>nonce || AES-256-GCM(salt || JSON)</c>. Stores that hold some
/// still open them; nothing is sealed like this any more, because the key of such a payload need not be the only one
/// that opens it.
/// </summary>
internal static class FirstPayloadSeal
{
    private const int SaltBytes = 16;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const string ContextLabel = "countersign-payload-v1\n";

    /// <exception cref="CryptographicException">It was changed, or sealed in another way.</exception>
    public static byte[] Open(ExtendedAesGcm wrapping, SealedPayload box, string context)
    {
        var associated = Encoding.UTF8.GetBytes(ContextLabel + context);
        using var gcm = new AesGcm(wrapping.Open(box.WrappedKey, associated), TagBytes);
        var ciphertext = box.Ciphertext.AsSpan();
        var body = new byte[ciphertext.Length - NonceBytes - TagBytes];
        gcm.Decrypt(
            ciphertext[..NonceBytes], ciphertext[NonceBytes..^TagBytes], ciphertext[^TagBytes..], body, associated);
        return body[SaltBytes..];
    }
}
