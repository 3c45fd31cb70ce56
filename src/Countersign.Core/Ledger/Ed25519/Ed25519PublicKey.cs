using System.Security.Cryptography;

namespace Countersign.Core.Ledger.Ed25519;

/// <summary>
/// An Ed25519 public key that verifies on every platform (RFC 8032 section 5.1.7, without the cofactor). Strict:
/// every key, point and scalar has one accepted encoding, so no bit of a signature can be changed unnoticed.
/// </summary>
public sealed class Ed25519PublicKey
{
    public const int Length = EdwardsPoint.Length;

    public const int SignatureLength = EdwardsPoint.Length + Scalar.Length;

    private static readonly EdwardsPoint[] BaseWindow = EdwardsPoint.Base.Window();

    private readonly byte[] _encoded;
    private readonly EdwardsPoint[] _negativeWindow;

    /// <summary>Throws <see cref="FormatException"/> if the 32 bytes are not the encoding of a usable point.</summary>
    public Ed25519PublicKey(ReadOnlySpan<byte> encoded)
    {
        // For a key of small order one signature would fit every eighth text or all of them.
        if (encoded.Length != Length || !EdwardsPoint.TryDecode(encoded, out var point) || point.HasSmallOrder)
        {
            throw new FormatException(
                $"The {encoded.Length} bytes are not an Ed25519 public key: a canonical point of {Length} bytes and of "
                + "large order is expected. Copy the key again.");
        }

        _encoded = encoded.ToArray();
        _negativeWindow = (-point).Window();
    }

    /// <summary>Whether the signature is this key's over exactly this message.</summary>
    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureLength || !Scalar.TryRead(signature[EdwardsPoint.Length..], out var s))
        {
            return false;
        }

        // S B = R + k A, solved for R and compared as bytes: an R in another spelling cannot match.
        var encodedR = signature[..EdwardsPoint.Length];
        var k = Scalar.Reduce(HashOf(encodedR, message));
        return EdwardsPoint.Combine(s, BaseWindow, k, _negativeWindow).Encode().AsSpan().SequenceEqual(encodedR);
    }

    private byte[] HashOf(ReadOnlySpan<byte> encodedR, ReadOnlySpan<byte> message)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        hash.AppendData(encodedR);
        hash.AppendData(_encoded);
        hash.AppendData(message);
        return hash.GetHashAndReset();
    }
}
