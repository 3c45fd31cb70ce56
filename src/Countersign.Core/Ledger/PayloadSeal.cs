using System.Security.Cryptography;
using System.Text;
using Countersign.Core.Actions;

namespace Countersign.Core.Ledger;

/// <summary>
/// How a payload is sealed: <c>SHA-256(label || key) || nonce || AES-256-GCM(salt || JSON)</c>, with the context as
/// associated data. AES-GCM alone does not bind a ciphertext to one key: whoever makes it could choose it so that two
/// keys open it, to two different texts. The hash in front makes the key part of what the leaf commits to, so that a
/// key that is handed out in a receipt shows the one text there is.
/// </summary>
public static class PayloadSeal
{
    public const int KeyBytes = 32;
    public const int NonceBytes = 12;
    public const int SaltBytes = 16;

    private const int TagBytes = 16;
    private const int HeadBytes = Hash32.Length + NonceBytes;
    private const int FixedBytes = HeadBytes + SaltBytes + TagBytes;
    private const string ContextLabel = "countersign-payload-v2\n";

    private static ReadOnlySpan<byte> KeyLabel => "countersign-payload-key-v2\n"u8;

    /// <summary>What a payload is bound to: opened for another entry type or action, it is refused.</summary>
    public static string ContextOf(EntryType type, ActionId? action) => $"{type.ToText()}\n{action}";

    /// <summary>The associated data of a context.</summary>
    public static byte[] AssociatedWith(string context) => Encoding.UTF8.GetBytes(ContextLabel + context);

    /// <summary>Seals a payload; the same parts always give the same bytes.</summary>
    public static byte[] Close(OpenedPayload payload, string context)
    {
        var box = new byte[FixedBytes + payload.Json.Length];
        CommitTo(payload.Key.Span, box);
        payload.Nonce.Span.CopyTo(box.AsSpan(Hash32.Length));
        var body = box.AsSpan(HeadBytes, SaltBytes + payload.Json.Length);
        payload.Salt.Span.CopyTo(body);
        payload.Json.Span.CopyTo(body[SaltBytes..]);
        using var gcm = new AesGcm(payload.Key.Span, TagBytes);
        gcm.Encrypt(payload.Nonce.Span, body, body, box.AsSpan(^TagBytes..), AssociatedWith(context));
        return box;
    }

    /// <summary>Opens what <see cref="Close"/> made.</summary>
    /// <exception cref="CryptographicException">It was changed, or made with another key or context.</exception>
    public static OpenedPayload Open(ReadOnlySpan<byte> box, ReadOnlySpan<byte> key, string context)
    {
        Span<byte> commitment = stackalloc byte[Hash32.Length];
        CommitTo(key, commitment);
        if (box.Length < FixedBytes || !box[..Hash32.Length].SequenceEqual(commitment))
        {
            throw new CryptographicException("The sealed payload does not commit to this key.");
        }

        var nonce = box.Slice(Hash32.Length, NonceBytes);
        var body = new byte[box.Length - HeadBytes - TagBytes];
        using var gcm = new AesGcm(key, TagBytes);
        gcm.Decrypt(nonce, box[HeadBytes..^TagBytes], box[^TagBytes..], body, AssociatedWith(context));
        return new OpenedPayload(
            key.ToArray(), nonce.ToArray(), body.AsMemory(0, SaltBytes), body.AsMemory(SaltBytes));
    }

    private static void CommitTo(ReadOnlySpan<byte> key, Span<byte> destination)
    {
        Span<byte> input = stackalloc byte[KeyLabel.Length + KeyBytes];
        KeyLabel.CopyTo(input);
        key.CopyTo(input[KeyLabel.Length..]);
        Hash32.Of(input).CopyTo(destination);
    }
}
