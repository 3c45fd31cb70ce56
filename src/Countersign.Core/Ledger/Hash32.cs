using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Countersign.Core.Ledger;

/// <summary>Computes SHA-256 of at most 1,024 bytes.</summary>
/// <param name="content">What is hashed.</param>
/// <param name="hash">Gets the 32 bytes.</param>
public delegate void ShortSha256(ReadOnlySpan<byte> content, Span<byte> hash);

/// <summary>A SHA-256 value: 32 bytes held in place, so that a million of them are one array and no objects.</summary>
public readonly record struct Hash32
{
    public const int Length = 32;

    /// <summary>Longest content that a faster function is asked for.</summary>
    private const int MaxShort = 1024;

    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdef"u8);

    private static volatile ShortSha256? s_faster;

    [ThreadStatic]
    private static IncrementalHash? t_sha;

    private readonly ulong _first;
    private readonly ulong _second;
    private readonly ulong _third;
    private readonly ulong _fourth;

    /// <summary>
    /// Takes exactly 32 bytes; all zeros are refused, because nobody knows a preimage and bugs produce them.
    /// </summary>
    public Hash32(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
        {
            throw new FormatException($"A hash has {Length} bytes, but {bytes.Length} were given.");
        }

        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        (_first, _second, _third, _fourth) = (words[0], words[1], words[2], words[3]);
        if (IsDefault)
        {
            throw new FormatException(
                "A hash of 32 zero bytes is refused: it is an unset value, not a SHA-256 result.");
        }
    }

    private bool IsDefault => (_first | _second | _third | _fourth) == 0;

    /// <summary>
    /// Lets another implementation hash what is short: leaves, nodes, small ciphertexts. .NET's way to the same library
    /// takes eight times as long for 65 bytes, and a proof among ten million entries is 750 of those.
    /// </summary>
    /// <exception cref="ArgumentException">It computes something else than SHA-256; nothing is changed.</exception>
    public static void Hasten(ShortSha256 faster)
    {
        Span<byte> content = stackalloc byte[MaxShort];
        Span<byte> hash = stackalloc byte[Length];
        Span<byte> expected = stackalloc byte[Length];
        // Every length around the boundaries of its blocks, and the longest.
        foreach (var length in Enumerable.Range(0, 4 * 64).Append(MaxShort))
        {
            content[..length].Fill((byte)length);
            faster(content[..length], hash);
            SHA256.HashData(content[..length], expected);
            if (!hash.SequenceEqual(expected))
            {
                throw new ArgumentException($"It does not compute SHA-256 of {length} bytes.", nameof(faster));
            }
        }

        s_faster = faster;
    }

    /// <summary>SHA-256 of the bytes, without any prefix.</summary>
    public static Hash32 Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[Length];
        if (content.Length <= MaxShort && s_faster is { } faster)
        {
            faster(content, hash);
            return new Hash32(hash);
        }

        // One object for each thread: a hash of a few hundred bytes takes less time than making what computes it.
        var sha = t_sha ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(content);
        sha.GetHashAndReset(hash);
        return new Hash32(hash);
    }

    /// <inheritdoc cref="ParseHex(string)"/>
    public static Hash32 ParseHex(ReadOnlySpan<byte> hex)
    {
        Span<byte> hash = stackalloc byte[Length];
        return hex.Length == 2 * Length && !hex.ContainsAnyExcept(HexDigits)
            && Convert.FromHexString(hex, hash, out _, out _) == OperationStatus.Done
                ? new Hash32(hash)
                : throw new FormatException(
                    $"'{System.Text.Encoding.Latin1.GetString(hex)}' is not a hash: write 64 lower-case hex digits.");
    }

    /// <summary>Reads 64 lower-case hex digits.</summary>
    public static Hash32 ParseHex(string hex)
    {
        if (!LowerHex.Is(hex, 2 * Length))
        {
            throw new FormatException($"'{hex}' is not a hash: write 64 lower-case hex digits.");
        }

        return new Hash32(Convert.FromHexString(hex));
    }

    /// <summary>Reads the canonical base64 spelling of 32 bytes.</summary>
    public static Hash32 ParseBase64(string text) =>
        CanonicalBase64.TryDecode(text, out var bytes) && bytes.Length == Length
            ? new Hash32(bytes)
            : throw new FormatException($"'{text}' is not a hash: write the padded base64 form of 32 bytes.");

    /// <summary>Writes the 32 bytes to the start of the destination.</summary>
    public void CopyTo(Span<byte> destination)
    {
        if (IsDefault)
        {
            throw new InvalidOperationException("A default Hash32 is the hash of nothing.");
        }

        var words = MemoryMarshal.Cast<byte, ulong>(destination[..Length]);
        (words[0], words[1], words[2], words[3]) = (_first, _second, _third, _fourth);
    }

    public byte[] ToArray()
    {
        var bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }

    public string ToHex()
    {
        Span<byte> bytes = stackalloc byte[Length];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    public string ToBase64()
    {
        Span<byte> bytes = stackalloc byte[Length];
        CopyTo(bytes);
        return Convert.ToBase64String(bytes);
    }

    public override string ToString() => IsDefault ? "" : ToHex();
}
