using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Countersign.Core;

/// <summary>
/// Codes that prove themselves: <c>base64url(end || random || about || seal)</c>, sealed under a key of the ledger. No
/// node keeps what was made, and the command line makes one without the server. Each kind has a label of its own, so
/// that a code of one is none of another.
/// </summary>
/// <param name="key">The key of this kind.</param>
/// <param name="label">The kind, ended by a line feed.</param>
/// <param name="nonceBytes">How much of a code is random.</param>
internal sealed class SealedCodes(ReadOnlyMemory<byte> key, string label, int nonceBytes)
{
    /// <summary>Longest code that is looked at: the longest name of a person, and the rest.</summary>
    private const int MaxText = 256;

    private const int TimeBytes = 8;
    private const int SealBytes = 16;

    /// <param name="about">ASCII that whoever reads the code learns from it.</param>
    /// <param name="until">When it expires.</param>
    /// <param name="random">Fills the random part.</param>
    /// <param name="bound">What has to be known beside the code to read it; empty for nothing.</param>
    public string Create(string about, DateTimeOffset until, FillRandom random, string bound = "")
    {
        var code = new byte[TimeBytes + nonceBytes + about.Length + SealBytes];
        BinaryPrimitives.WriteInt64BigEndian(code, until.UtcTicks);
        random(code.AsSpan(TimeBytes, nonceBytes));
        Encoding.ASCII.GetBytes(about, code.AsSpan(TimeBytes + nonceBytes));
        SealOf(bound, code.AsSpan(..^SealBytes)).CopyTo(code.AsSpan(^SealBytes..));
        return Base64Url.EncodeToString(code);
    }

    /// <summary>Reads a code; <c>null</c> when it is none of this kind and key, or has expired.</summary>
    public SealedCode? TryRead(string? text, DateTimeOffset now, string bound = "")
    {
        var trimmed = (text ?? "").Trim();
        if (trimmed.Length > MaxText || !Base64Url.IsValid(trimmed))
        {
            return null;
        }

        var code = Base64Url.DecodeFromChars(trimmed);
        if (code.Length < TimeBytes + nonceBytes + SealBytes
            || !CryptographicOperations.FixedTimeEquals(
                SealOf(bound, code.AsSpan(..^SealBytes)), code.AsSpan(^SealBytes..)))
        {
            return null;
        }

        var until = new DateTimeOffset(BinaryPrimitives.ReadInt64BigEndian(code), TimeSpan.Zero);
        return now < until
            ? new SealedCode(
                Encoding.ASCII.GetString(code.AsSpan((TimeBytes + nonceBytes)..^SealBytes)),
                until,
                Convert.ToHexStringLower(SHA256.HashData(code)))
            : null;
    }

    private byte[] SealOf(string bound, ReadOnlySpan<byte> said) =>
        HMACSHA256.HashData(key.Span, [.. Encoding.ASCII.GetBytes(label + bound), .. said])[..SealBytes];
}

/// <summary>A code that holds.</summary>
/// <param name="About">What it says.</param>
/// <param name="Until">When it expires.</param>
/// <param name="Hash">Names it without being it.</param>
internal readonly record struct SealedCode(string About, DateTimeOffset Until, string Hash);
