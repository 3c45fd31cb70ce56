using System.Security.Cryptography;
using System.Text;
using Countersign.Core;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage;

/// <summary>
/// Seals what was asked, answered and said. Each payload gets its own key, so that it can be erased by itself, and a
/// random salt, so that its hash in the ledger says nothing about it.
/// </summary>
internal sealed class PayloadVault(PayloadKey key, FillRandom random) : IDisposable
{
    private const int RandomBytes =
        PayloadSeal.KeyBytes + PayloadSeal.SaltBytes + PayloadSeal.NonceBytes + ExtendedAesGcm.NonceBytes;

    private readonly ExtendedAesGcm _wrapping = new(key.Bytes);

    /// <summary>The key that wraps; a store sealed under another one is refused at start-up.</summary>
    public string KeyId => key.Id;

    /// <inheritdoc cref="PayloadKey.DeriveKey"/>
    public byte[] DeriveKey(string purpose) => key.DeriveKey(purpose);

    /// <summary>Seals a payload; <paramref name="context"/> is what it can be opened as, and nothing else.</summary>
    public SealedPayload Seal(ReadOnlyMemory<byte> payload, string context)
    {
        var fresh = new byte[RandomBytes];
        random(fresh);
        var dataKey = fresh.AsMemory(0, PayloadSeal.KeyBytes);
        var salt = fresh.AsMemory(PayloadSeal.KeyBytes, PayloadSeal.SaltBytes);
        var nonce = fresh.AsMemory(PayloadSeal.KeyBytes + PayloadSeal.SaltBytes, PayloadSeal.NonceBytes);
        var wrapNonce = fresh.AsSpan(^ExtendedAesGcm.NonceBytes..);
        var box = PayloadSeal.Close(new OpenedPayload(dataKey, nonce, salt, payload), context);
        return new SealedPayload(
            box, _wrapping.Seal(wrapNonce, dataKey.Span, PayloadSeal.AssociatedWith(context)));
    }

    /// <summary>Opens a payload that <see cref="Seal"/> closed under the same context.</summary>
    /// <exception cref="StoreUnavailableException">It was changed, swapped with another one, or sealed under another
    /// key.</exception>
    public byte[] Open(SealedPayload box, string context) => TryOpenWhole(box, context) is { } whole
        ? whole.Json.ToArray()
        : OpenFirst(box, context);

    /// <summary>
    /// The same with the payload's own key, for a receipt; <c>null</c> for a payload of the first seal, whose key
    /// proves nothing to a stranger.
    /// </summary>
    /// <exception cref="StoreUnavailableException">It was changed, swapped with another one, or sealed under another
    /// key.</exception>
    public OpenedPayload? Disclose(SealedPayload box, string context)
    {
        if (TryOpenWhole(box, context) is { } whole)
        {
            return whole;
        }

        OpenFirst(box, context);
        return null;
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

    private OpenedPayload? TryOpenWhole(SealedPayload box, string context)
    {
        try
        {
            var dataKey = _wrapping.Open(box.WrappedKey, PayloadSeal.AssociatedWith(context));
            return PayloadSeal.Open(box.Ciphertext, dataKey, context);
        }
        catch (CryptographicException)
        {
            // It was damaged, or made by an earlier version: that one is asked next.
            return null;
        }
    }

    private byte[] OpenFirst(SealedPayload box, string context)
    {
        try
        {
            return FirstPayloadSeal.Open(_wrapping, box, context);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or OverflowException)
        {
            throw Damaged(context, $"payload key {key.Id}", e);
        }
    }

    private static StoreUnavailableException Damaged(string context, string key, Exception e) => new(
        $"What the store keeps sealed as '{context.ReplaceLineEndings(" ")}' does not open with {key}: "
        + "it was damaged or exchanged. Restore the store from a backup.", e);
}
