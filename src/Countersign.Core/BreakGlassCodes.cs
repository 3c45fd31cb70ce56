using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Countersign.Core.Identity;

namespace Countersign.Core;

/// <summary>
/// Codes that custodians keep in sealed envelopes. Whoever breaks the glass needs those of two of them, so that a
/// stolen credential breaks nothing (THR-017). A code is sealed under a key of the ledger: no node keeps what was made.
/// It works once; the store keeps which were used.
/// </summary>
public sealed class BreakGlassCodes(ReadOnlyMemory<byte> key, Func<DateTimeOffset> now, FillRandom random)
{
    /// <summary>How long a code works: somebody looks into the envelopes at least twice a year.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(180);

    private const int MaxText = 256;
    private const int TimeBytes = 8;
    private const int NonceBytes = 16;
    private const int SealBytes = 16;

    private static ReadOnlySpan<byte> Label => "countersign-break-glass-code-v1\n"u8;

    /// <summary>Makes a code for a custodian's envelope.</summary>
    public string Create(PersonId custodian)
    {
        var name = Encoding.ASCII.GetBytes(custodian.Value);
        var code = new byte[TimeBytes + NonceBytes + name.Length + SealBytes];
        BinaryPrimitives.WriteInt64BigEndian(code, (now() + Lifetime).UtcTicks);
        random(code.AsSpan(TimeBytes, NonceBytes));
        name.CopyTo(code.AsSpan(TimeBytes + NonceBytes));
        SealOf(code.AsSpan(..^SealBytes)).CopyTo(code.AsSpan(^SealBytes..));
        return Base64Url.EncodeToString(code);
    }

    /// <summary>Reads a code; <c>null</c> when it is none of this ledger's, or has expired.</summary>
    internal BreakGlassCode? TryRead(string text)
    {
        var trimmed = text.Trim();
        if (trimmed.Length > MaxText || !Base64Url.IsValid(trimmed))
        {
            return null;
        }

        var code = Base64Url.DecodeFromChars(trimmed);
        if (code.Length <= TimeBytes + NonceBytes + SealBytes
            || !CryptographicOperations.FixedTimeEquals(
                SealOf(code.AsSpan(..^SealBytes)), code.AsSpan(^SealBytes..)))
        {
            return null;
        }

        var until = new DateTimeOffset(BinaryPrimitives.ReadInt64BigEndian(code), TimeSpan.Zero);
        return now() < until
            ? new BreakGlassCode(
                new PersonId(Encoding.ASCII.GetString(code.AsSpan((TimeBytes + NonceBytes)..^SealBytes))),
                $"break-glass:{Convert.ToHexStringLower(SHA256.HashData(code))}",
                until)
            : null;
    }

    private byte[] SealOf(ReadOnlySpan<byte> said) => HMACSHA256.HashData(key.Span, [.. Label, .. said])[..SealBytes];
}

/// <summary>A code that holds.</summary>
/// <param name="Custodian">In whose envelope it was.</param>
/// <param name="Key">Names its one use for the store, without being the code.</param>
/// <param name="Until">When it expires.</param>
internal sealed record BreakGlassCode(PersonId Custodian, string Key, DateTimeOffset Until);
