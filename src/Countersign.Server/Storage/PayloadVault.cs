using System.Security.Cryptography;
using System.Text;
using Countersign.Core;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage;

/// <summary>
/// Seals what was asked, answered and said. Each payload gets its own key, so that it can be erased by itself, and a
/// random salt, so that its hash in the ledger says nothing about it.
/// </summary>
internal sealed class PayloadVault(PayloadKey key, FillRandom random) : IDisposable
{
    private const int SaltBytes = 16;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int RandomBytes = ExtendedAesGcm.KeyBytes + SaltBytes + NonceBytes + ExtendedAesGcm.NonceBytes;

    private readonly ExtendedAesGcm _wrapping = new(key.Bytes);

    /// <summary>The key that wraps; a store sealed under another one is refused at start-up.</summary>
    public string KeyId => key.Id;

    /// <inheritdoc cref="PayloadKey.DeriveKey"/>
    public byte[] DeriveKey(string purpose) => key.DeriveKey(purpose);

    /// <summary>Seals a payload; <paramref name="context"/> is what it can be opened as, and nothing else.</summary>
    public SealedPayload Seal(ReadOnlySpan<byte> payload, string context)
    {
        Span<byte> fresh = stackalloc byte[RandomBytes];
        random(fresh);
        var dataKey = fresh[..ExtendedAesGcm.KeyBytes];
        var salt = fresh.Slice(ExtendedAesGcm.KeyBytes, SaltBytes);
        var nonce = fresh.Slice(ExtendedAesGcm.KeyBytes + SaltBytes, NonceBytes);
        var wrapNonce = fresh[^ExtendedAesGcm.NonceBytes..];
        var associated = Encoding.UTF8.GetBytes(context);

        var box = new byte[NonceBytes + SaltBytes + payload.Length + TagBytes];
        nonce.CopyTo(box);
        var body = box.AsSpan(NonceBytes, SaltBytes + payload.Length);
        salt.CopyTo(body);
        payload.CopyTo(body[SaltBytes..]);
        using var gcm = new AesGcm(dataKey, TagBytes);
        gcm.Encrypt(nonce, body, body, box.AsSpan(^TagBytes..), associated);
        return new SealedPayload(box, _wrapping.Seal(wrapNonce, dataKey, associated));
    }

    /// <summary>Opens a payload that <see cref="Seal"/> closed under the same context.</summary>
    /// <exception cref="StoreUnavailableException">It was changed, swapped with another one, or sealed under another
    /// key.</exception>
    public byte[] Open(SealedPayload box, string context) => Open(box.Ciphertext, OpenKey(box, context), context);

    /// <summary>
    /// The payload's own key: whoever has it and the ciphertext reads this payload, and no other one.
    /// </summary>
    /// <exception cref="StoreUnavailableException">It was changed, or sealed under another key.</exception>
    public byte[] OpenKey(SealedPayload box, string context)
    {
        try
        {
            return _wrapping.Open(box.WrappedKey, Encoding.UTF8.GetBytes(context));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or OverflowException)
        {
            throw Damaged(context, $"payload key {key.Id}", e);
        }
    }

    /// <summary>Opens a payload with its own key.</summary>
    /// <exception cref="StoreUnavailableException">It is another payload's key, or the payload was changed.</exception>
    public static byte[] Open(ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> ownKey, string context)
    {
        try
        {
            using var gcm = new AesGcm(ownKey, TagBytes);
            var body = new byte[ciphertext.Length - NonceBytes - TagBytes];
            gcm.Decrypt(
                ciphertext[..NonceBytes],
                ciphertext[NonceBytes..^TagBytes],
                ciphertext[^TagBytes..],
                body,
                Encoding.UTF8.GetBytes(context));
            return body[SaltBytes..];
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or OverflowException)
        {
            throw Damaged(context, "its own key", e);
        }
    }

    /// <summary>Seals something short that is erased together with its row: a person's id, a definition.</summary>
    public byte[] SealValue(ReadOnlySpan<byte> value, string context)
    {
        Span<byte> nonce = stackalloc byte[ExtendedAesGcm.NonceBytes];
        random(nonce);
        return _wrapping.Seal(nonce, value, Encoding.UTF8.GetBytes(context));
    }

    /// <summary>Opens what <see cref="SealValue"/> closed under the same context.</summary>
    /// <exception cref="StoreUnavailableException">It was changed, or sealed under another key.</exception>
    public byte[] OpenValue(ReadOnlySpan<byte> box, string context)
    {
        try
        {
            return _wrapping.Open(box, Encoding.UTF8.GetBytes(context));
        }
        catch (CryptographicException e)
        {
            throw Damaged(context, $"payload key {key.Id}", e);
        }
    }

    public void Dispose() => _wrapping.Dispose();

    private static StoreUnavailableException Damaged(string context, string key, Exception e) => new(
        $"What the store keeps sealed as '{context.ReplaceLineEndings(" ")}' does not open with {key}: "
        + "it was damaged or exchanged. Restore the store from a backup.", e);
}
