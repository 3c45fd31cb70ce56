using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Countersign.Core;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Seals what clients carry for us: base64url of nonce, AES-256-GCM ciphertext and tag, bound to one purpose. What
/// anybody else made, or what was sealed for another purpose, does not open.
/// </summary>
internal sealed class SealedBox(ReadOnlyMemory<byte> key, FillRandom random, string purpose) : IDisposable
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly AesGcm _cipher = new(key.Span, TagBytes);
    private readonly byte[] _purpose = Encoding.UTF8.GetBytes(purpose);

    public string Seal(ReadOnlySpan<byte> plain)
    {
        var bytes = new byte[NonceBytes + plain.Length + TagBytes];
        var nonce = bytes.AsSpan(0, NonceBytes);
        random(nonce);
        lock (_cipher)
        {
            _cipher.Encrypt(
                nonce,
                plain,
                bytes.AsSpan(NonceBytes, plain.Length),
                bytes.AsSpan(NonceBytes + plain.Length),
                _purpose);
        }

        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>What was sealed; <c>null</c> when it was not sealed with this key for this purpose.</summary>
    public byte[]? Open(string text)
    {
        if (!Base64Url.IsValid(text)
            || Base64Url.DecodeFromChars(text) is not { Length: > NonceBytes + TagBytes } bytes)
        {
            return null;
        }

        var plain = new byte[bytes.Length - NonceBytes - TagBytes];
        try
        {
            lock (_cipher)
            {
                _cipher.Decrypt(
                    bytes.AsSpan(0, NonceBytes),
                    bytes.AsSpan(NonceBytes, plain.Length),
                    bytes.AsSpan(NonceBytes + plain.Length),
                    plain,
                    _purpose);
            }
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }

        return plain;
    }

    public void Dispose() => _cipher.Dispose();
}
