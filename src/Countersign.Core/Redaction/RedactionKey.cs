using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Countersign.Core.Redaction;

/// <summary>
/// The key under which values are hashed and tokenised. A hash says only that two values of one kind are equal; a token
/// is the value itself, encrypted so that equal values of a kind give equal tokens: its synthetic initialisation vector
/// is a MAC of kind and value, and authenticates them when the token is opened (as in RFC 5297, with HMAC-SHA-256 as
/// the pseudo-random function of both halves).
/// </summary>
public sealed class RedactionKey
{
    /// <summary>The length of a key in bytes.</summary>
    public const int Length = 32;

    /// <summary>Values longer than this are masked and not tokenised.</summary>
    public const int LongestValue = 1024;

    private const int HashBytes = 10;
    private const int VectorBytes = 16;

    private readonly byte[] _hashing;
    private readonly byte[] _vectors;
    private readonly byte[] _streams;

    /// <exception cref="ArgumentException">The key is not <see cref="Length"/> bytes long.</exception>
    public RedactionKey(ReadOnlySpan<byte> key)
    {
        if (key.Length != Length)
        {
            throw new ArgumentException($"A key for redaction has {Length} bytes, not {key.Length}.", nameof(key));
        }

        _hashing = HMACSHA256.HashData(key, "countersign-redaction-v1 hash"u8);
        _vectors = HMACSHA256.HashData(key, "countersign-redaction-v1 vector"u8);
        _streams = HMACSHA256.HashData(key, "countersign-redaction-v1 stream"u8);
    }

    private RedactionKey(byte[] hashing, byte[] vectors, byte[] streams) =>
        (_hashing, _vectors, _streams) = (hashing, vectors, streams);

    /// <summary>
    /// The key of one target's tokens; hashes are alike everywhere. A token of one target cannot be opened as
    /// another's, whose reviewers may be others.
    /// </summary>
    public RedactionKey ForTokensOf(string target) => new(
        _hashing,
        HMACSHA256.HashData(_vectors, Encoding.UTF8.GetBytes(target)),
        HMACSHA256.HashData(_streams, Encoding.UTF8.GetBytes(target)));

    /// <summary>The value behind a token that this key made for this kind; <c>null</c> when it did not.</summary>
    public string? Open(string kind, string token)
    {
        if (token.Length < 2 * VectorBytes || token.Length % 2 != 0
            || token.AsSpan().IndexOfAnyExceptInRange('a', 'p') >= 0)
        {
            return null;
        }

        var bytes = new byte[token.Length / 2];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(((token[2 * i] - 'a') << 4) | (token[(2 * i) + 1] - 'a'));
        }

        var vector = bytes.AsSpan(0, VectorBytes);
        var value = bytes.AsSpan(VectorBytes).ToArray();
        Encrypt(vector, value);
        return CryptographicOperations.FixedTimeEquals(vector, VectorOf(kind, value))
            ? Encoding.UTF8.GetString(value)
            : null;
    }

    internal string HashOf(string kind, ReadOnlySpan<byte> value) =>
        Letters(Mac(_hashing, kind, value).AsSpan(0, HashBytes));

    internal string TokenOf(string kind, ReadOnlySpan<byte> value)
    {
        var vector = VectorOf(kind, value);
        var encrypted = value.ToArray();
        Encrypt(vector, encrypted);
        return Letters([.. vector, .. encrypted]);
    }

    private byte[] VectorOf(string kind, ReadOnlySpan<byte> value) => Mac(_vectors, kind, value)[..VectorBytes];

    /// <summary>The kind's name has no zero, so that no two pairs of kind and value are the same bytes.</summary>
    private static byte[] Mac(byte[] key, string kind, ReadOnlySpan<byte> value) =>
        HMACSHA256.HashData(key, (byte[])[.. Encoding.UTF8.GetBytes(kind), 0, .. value]);

    /// <summary>Encrypts and decrypts: the stream is the MAC of the vector and a counter, block after block.</summary>
    private void Encrypt(ReadOnlySpan<byte> vector, Span<byte> value)
    {
        Span<byte> input = stackalloc byte[VectorBytes + sizeof(int)];
        Span<byte> block = stackalloc byte[HMACSHA256.HashSizeInBytes];
        vector.CopyTo(input);
        for (var at = 0; at < value.Length; at += block.Length)
        {
            BinaryPrimitives.WriteInt32BigEndian(input[VectorBytes..], at / block.Length);
            HMACSHA256.HashData(_streams, input, block);
            for (var i = 0; i < block.Length && at + i < value.Length; i++)
            {
                value[at + i] ^= block[i];
            }
        }
    }

    /// <summary>Letters from a to p: no detector takes them for digits, and nothing has to be escaped.</summary>
    private static string Letters(ReadOnlySpan<byte> bytes)
    {
        var letters = new StringBuilder(bytes.Length * 2);
        foreach (var value in bytes)
        {
            letters.Append((char)('a' + (value >> 4))).Append((char)('a' + (value & 0xF)));
        }

        return letters.ToString();
    }
}
