using System.Security.Cryptography;

namespace Countersign.Server.Storage;

/// <summary>
/// XAES-256-GCM (C2SP): AES-256-GCM under a key derived from half of a 24-byte nonce. One key then seals any number of
/// things under random nonces; plain AES-GCM ends at 2^32 of them (NIST SP 800-38D section 8.3), which a busy ledger
/// reaches in days.
/// </summary>
internal sealed class ExtendedAesGcm : IDisposable
{
    public const int KeyBytes = 32;
    public const int NonceBytes = 24;
    public const int TagBytes = 16;
    public const int Overhead = NonceBytes + TagBytes;

    private const int BlockBytes = 16;
    private const int HalfNonce = 12;

    private readonly ThreadLocal<Aes> _cipher;
    private readonly byte[] _subkey;

    public ExtendedAesGcm(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyBytes);
        var own = key.ToArray();
        _cipher = new ThreadLocal<Aes>(() => CreateCipher(own), trackAllValues: true);
        _subkey = Double(_cipher.Value!.EncryptEcb(new byte[BlockBytes], PaddingMode.None));
    }

    /// <summary>Returns nonce || ciphertext || tag.</summary>
    public byte[] Seal(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associated)
    {
        var box = new byte[Overhead + plaintext.Length];
        nonce.CopyTo(box);
        using var gcm = DeriveGcm(nonce);
        gcm.Encrypt(
            nonce[HalfNonce..],
            plaintext,
            box.AsSpan(NonceBytes, plaintext.Length),
            box.AsSpan(^TagBytes..),
            associated);
        return box;
    }

    /// <summary>
    /// Opens what <see cref="Seal"/> returned; <see cref="CryptographicException"/> if it was changed.
    /// </summary>
    public byte[] Open(ReadOnlySpan<byte> box, ReadOnlySpan<byte> associated)
    {
        if (box.Length < Overhead)
        {
            throw new CryptographicException($"A sealed value of {box.Length} bytes is cut off.");
        }

        var plaintext = new byte[box.Length - Overhead];
        using var gcm = DeriveGcm(box[..NonceBytes]);
        gcm.Decrypt(box[HalfNonce..NonceBytes], box[NonceBytes..^TagBytes], box[^TagBytes..], plaintext, associated);
        return plaintext;
    }

    public void Dispose()
    {
        foreach (var aes in _cipher.Values)
        {
            aes.Dispose();
        }

        _cipher.Dispose();
    }

    private static Aes CreateCipher(byte[] key)
    {
        var aes = Aes.Create();
        aes.Key = key;
        return aes;
    }

    // The key derivation of the specification: two blocks of NIST SP 800-108 in counter mode with CMAC and label 'X'.
    private AesGcm DeriveGcm(ReadOnlySpan<byte> nonce)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(nonce.Length, NonceBytes);
        Span<byte> blocks = stackalloc byte[2 * BlockBytes];
        for (var i = 0; i < 2; i++)
        {
            var block = blocks.Slice(i * BlockBytes, BlockBytes);
            (block[0], block[1], block[2], block[3]) = (0, (byte)(i + 1), (byte)'X', 0);
            nonce[..HalfNonce].CopyTo(block[4..]);
            for (var j = 0; j < BlockBytes; j++)
            {
                block[j] ^= _subkey[j];
            }
        }

        Span<byte> key = stackalloc byte[KeyBytes];
        _cipher.Value!.EncryptEcb(blocks, key, PaddingMode.None);
        return new AesGcm(key, TagBytes);
    }

    // Multiplication by x in GF(2^128), as CMAC makes its first subkey.
    private static byte[] Double(byte[] block)
    {
        var doubled = new byte[BlockBytes];
        for (var i = 0; i < BlockBytes; i++)
        {
            var carry = i + 1 < BlockBytes ? block[i + 1] >> 7 : (block[0] >> 7) * 0x87;
            doubled[i] = (byte)((block[i] << 1) ^ carry);
        }

        return doubled;
    }
}
