using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Detectors;

/// <summary>
/// Numbers of payment cards: the ranges of issuers (ISO/IEC 7812), their lengths, and Luhn's check digit.
/// </summary>
internal static class Cards
{
    private const int Shortest = 12;
    private const int Longest = 19;

    // JCB's own range is 3528 to 3589; numbers made up for tests use all of 35, and people paste those as well.
    private static readonly (int From, int To, string Lengths)[] Issuers =
    [
        (4000, 4999, "13 16 19"),
        (5100, 5599, "16"), (2221, 2720, "16"),
        (3400, 3499, "15"), (3700, 3799, "15"),
        (6011, 6011, "16 19"), (6440, 6599, "16 19"),
        (3000, 3059, "14 16 19"), (3095, 3095, "14 16 19"), (3600, 3699, "14 16 19"), (3800, 3999, "14 16 19"),
        (3500, 3599, "16"), (3528, 3589, "16 19"), (1800, 1800, "15"), (2131, 2131, "15"),
        (6200, 6299, "16 17 18 19"), (8100, 8171, "16 17 18 19"), (2200, 2204, "16 17 18 19"), (6062, 6062, "16"),
        (5000, 5099, "12 13 14 15 16 17 18 19"), (5600, 5899, "12 13 14 15 16 17 18 19"),
        (6300, 6439, "12 13 14 15 16 17 18 19"), (6700, 6799, "12 13 14 15 16 17 18 19"),
    ];

    private static readonly byte[][] Shapes = [[4, 4, 4, 4, 3], [4, 4, 4, 4], [4, 6, 5], [4, 6, 4], [4, 4, 4, 1]];

    // For each number of four digits, the lengths that an issuer gives out, as bits.
    private static readonly uint[] Lengths = MakeLengths();

    /// <summary>The card whose first group is this one, in the spellings that people use.</summary>
    public static Match Find(in NumberChain chain, int first, out int last, ref long steps)
    {
        last = first;
        if (chain[first].Length >= Shortest)
        {
            return Check(chain, first, first, isPlain: true, ref steps);
        }

        foreach (var shape in Shapes)
        {
            if (chain.HasShape(first, shape)
                && Check(chain, first, first + shape.Length - 1, isPlain: false, ref steps) is { IsFound: true } found)
            {
                last = first + shape.Length - 1;
                return found;
            }
        }

        last = chain.Count - 1;
        return first == 0 && last > 0 && IsSplit(chain)
            ? Check(chain, first, last, isPlain: false, ref steps)
            : default;
    }

    /// <summary>
    /// Whether the whole chain could be one number that was torn apart. Dots between the groups make it something else.
    /// </summary>
    private static bool IsSplit(in NumberChain chain)
    {
        var digits = 0;
        for (var i = 0; i < chain.Count; i++)
        {
            digits += chain[i].Length;
            if (chain[i].Separator == '.')
            {
                return false;
            }
        }

        return digits is >= 15 and <= 16;
    }

    private static Match Check(in NumberChain chain, int first, int last, bool isPlain, ref long steps)
    {
        Span<byte> buffer = stackalloc byte[Longest];
        var length = chain.Digits(first, last, buffer);
        if (length < Shortest)
        {
            return default;
        }

        var digits = buffer[..length];
        var prefix = (int)Checksums.Number(digits[..4]);
        steps += length;
        if ((Lengths[prefix] & (1u << length)) == 0 || !Checksums.Luhn(digits) || IsFraction(chain, first))
        {
            return default;
        }

        // Sixteen digits of the large issuers are cards wherever they stand; the others look like any identifier.
        var isUsual = length is 15 or 16 || !isPlain;
        return new Match(
            chain[first].Start, chain[last].End, isUsual ? Certainty.Certain : Certainty.Likely, DataKinds.Card);
    }

    /// <summary>Whether the digits stand behind a decimal point.</summary>
    private static bool IsFraction(in NumberChain chain, int first)
    {
        var start = chain[first].Start;
        return Bytes.At(chain.Text, start - 1) is (byte)'.' && Bytes.IsDigit(Bytes.At(chain.Text, start - 2));
    }

    private static uint[] MakeLengths()
    {
        var lengths = new uint[10_000];
        foreach (var (from, to, words) in Issuers)
        {
            var bits = words.Split(' ').Aggregate(0u, (sum, word) => sum | (1u << int.Parse(word)));
            for (var prefix = from; prefix <= to; prefix++)
            {
                lengths[prefix] |= bits;
            }
        }

        return lengths;
    }
}
