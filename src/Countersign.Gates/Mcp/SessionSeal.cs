using System.Buffers.Text;
using System.Security.Cryptography;
using Countersign.Core;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Turns a ticket into a session id and back: base64url of nonce, AES-256-GCM ciphertext and tag. An id made by anybody
/// else does not open; one that opens still belongs to its principal only.
/// </summary>
internal sealed class SessionSeal(ReadOnlyMemory<byte> key, FillRandom random) : IDisposable
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly AesGcm _cipher = new(key.Span, TagBytes);

    private static ReadOnlySpan<byte> Purpose => "countersign-mcp-session-v1"u8;

    public string Seal(SessionTicket ticket)
    {
        var plain = ticket.ToBytes();
        var bytes = new byte[NonceBytes + plain.Length + TagBytes];
        var nonce = bytes.AsSpan(0, NonceBytes);
        random(nonce);
        lock (_cipher)
        {
            _cipher.Encrypt(
                nonce, plain, bytes.AsSpan(NonceBytes, plain.Length), bytes.AsSpan(NonceBytes + plain.Length), Purpose);
        }

        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>The ticket in an id; <c>null</c> when it was not sealed with this key.</summary>
    public SessionTicket? Open(string id)
    {
        if (!Base64Url.IsValid(id) || Base64Url.DecodeFromChars(id) is not { Length: > NonceBytes + TagBytes } bytes)
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
                    Purpose);
            }
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }

        return SessionTicket.Read(plain);
    }

    public void Dispose() => _cipher.Dispose();
}
