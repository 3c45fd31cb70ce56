using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Secrets;

/// <summary>How random a text looks: Shannon's entropy in bits for each byte.</summary>
internal static class Entropy
{
    /// <summary>What is longer is judged by its beginning.</summary>
    public const int MostBytes = 64;

    private static readonly double[] Logarithms =
        [0, .. Enumerable.Range(1, MostBytes).Select(count => count * Math.Log2(count))];

    public static double Of(ReadOnlySpan<byte> text)
    {
        text = text[..Math.Min(text.Length, MostBytes)];
        if (text.IsEmpty)
        {
            return 0;
        }

        Span<byte> counts = stackalloc byte[256];
        counts.Clear();
        foreach (var value in text)
        {
            counts[value]++;
        }

        var sum = 0.0;
        foreach (var value in text)
        {
            // Each value counts once, at its first byte.
            sum += Logarithms[counts[value]];
            counts[value] = 0;
        }

        return Math.Log2(text.Length) - (sum / text.Length);
    }

    /// <summary>Whether at least one character in twelve is a digit, as random ones have.</summary>
    public static bool HasDigits(ReadOnlySpan<byte> text)
    {
        var digits = 0;
        foreach (var value in text)
        {
            digits += Bytes.IsDigit(value) ? 1 : 0;
        }

        return digits * 12 >= text.Length;
    }

    /// <summary>How many of digits, capitals and small letters there are.</summary>
    public static int Classes(ReadOnlySpan<byte> text)
    {
        var seen = 0;
        foreach (var value in text)
        {
            seen |= Bytes.IsDigit(value) ? 1 : Bytes.IsUpper(value) ? 2 : Bytes.IsLetter(value) ? 4 : 0;
        }

        return System.Numerics.BitOperations.PopCount((uint)seen);
    }
}
