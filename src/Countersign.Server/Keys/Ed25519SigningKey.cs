using System.Security.Cryptography;

namespace Countersign.Server.Keys;

/// <summary>An Ed25519 private key (RFC 8032) held by libcrypto. Any number of threads may sign at once.</summary>
internal sealed class Ed25519SigningKey : IDisposable
{
    public const int SeedLength = 32;
    public const int PublicKeyLength = 32;
    public const int SignatureLength = 64;

    private readonly LibCrypto.KeyHandle _key;
    private readonly byte[] _publicKey = new byte[PublicKeyLength];

    /// <summary>The caller owns the seed and clears it.</summary>
    public Ed25519SigningKey(ReadOnlySpan<byte> seed)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(seed.Length, SeedLength);
        _key = LibCrypto.LoadPrivateKey(seed);
        LibCrypto.GetPublicKey(_key, _publicKey);
    }

    public ReadOnlyMemory<byte> PublicKey => _publicKey;

    /// <summary>A new seed from the operating system's generator.</summary>
    public static byte[] NewSeed() => RandomNumberGenerator.GetBytes(SeedLength);

    /// <summary>The 64 bytes of the signature over the message.</summary>
    public byte[] Sign(ReadOnlySpan<byte> message)
    {
        var signature = new byte[SignatureLength];
        LibCrypto.Sign(_key, message, signature);
        return signature;
    }

    public void Dispose() => _key.Dispose();
}
