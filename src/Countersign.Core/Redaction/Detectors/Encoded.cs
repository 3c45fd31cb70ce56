using System.Buffers;
using System.Buffers.Text;
using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Detectors;

/// <summary>Runs of base64 that decode to text.</summary>
internal static class Encoded
{
    /// <summary>Fewer characters hold nothing that is worth looking for.</summary>
    public const int Shortest = 16;

    /// <summary>A longer run is looked at in pieces, which overlap by <see cref="Overlap"/>.</summary>
    public const int Longest = 2048;

    public const int Overlap = 512;

    private static readonly SearchValues<byte> Members =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"u8);

    public static int RunEnd(ReadOnlySpan<byte> text, int at)
    {
        var stop = Math.Min(text.Length, at + Longest);
        var length = text[at..stop].IndexOfAnyExcept(Members);
        return length < 0 ? stop : at + length;
    }

    /// <summary>Decodes a run; how many bytes came of it, 0 when they are no text.</summary>
    public static int Decode(ReadOnlySpan<byte> run, Span<byte> scratch, Span<byte> decoded)
    {
        run = run[..(run.Length % 4 == 1 ? run.Length - 1 : run.Length)];
        run.CopyTo(scratch);
        scratch[..run.Length].Replace((byte)'+', (byte)'-');
        scratch[..run.Length].Replace((byte)'/', (byte)'_');
        var status = Base64Url.DecodeFromUtf8(scratch[..run.Length], decoded, out _, out var length);
        return status == OperationStatus.Done && IsText(decoded[..length]) ? length : 0;
    }

    /// <summary>Bytes that are hardly anything but text: no controls, and mostly ASCII.</summary>
    private static bool IsText(ReadOnlySpan<byte> decoded)
    {
        if (decoded.IndexOfAnyExceptInRange((byte)' ', (byte)'~') < 0)
        {
            return true;
        }

        var others = 0;
        foreach (var value in decoded)
        {
            others += value is >= (byte)' ' and <= (byte)'~' or (byte)'\n' or (byte)'\r' or (byte)'\t' ? 0
                : value >= 0x80 ? 1
                : decoded.Length;
        }

        return others * 4 <= decoded.Length;
    }
}
