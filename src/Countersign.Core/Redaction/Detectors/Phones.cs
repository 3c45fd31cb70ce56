using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Detectors;

/// <summary>Telephone numbers, national and international, with extensions.</summary>
internal static class Phones
{
    private const int FewestDigits = 7;
    private const int MostDigits = 15;
    private const int LongestExtension = 5;

    /// <summary>A number whose first group is this one of a chain that began with it.</summary>
    public static Match Find(in NumberChain chain, int first, out int last)
    {
        last = first;
        var digits = chain[first].Length;
        while (last + 1 < chain.Count && Joins(chain, first, last + 1) && digits + chain[last + 1].Length <= MostDigits)
        {
            digits += chain[++last].Length;
        }

        var certainty = digits < FewestDigits || IsOther(chain, first, last) ? Certainty.None
            : last == first ? PlainCertainty(digits)
            : IsLikeAddress(chain, first, last) ? Certainty.Possible
            : Certainty.Likely;
        return new Match(chain[first].Start, ExtensionEnd(chain.Text, chain[last].End), certainty, DataKinds.Phone);
    }

    /// <summary>A number that begins with a plus or with an area code in brackets.</summary>
    public static Match FindMarked(ReadOnlySpan<byte> text, int at, ref long steps)
    {
        var isInternational = text[at] == '+';
        if (isInternational ? !Bytes.IsDigit(Bytes.At(text, at + 1)) : AreaEnd(text, at) == 0)
        {
            return default;
        }

        var (end, digits, groups) = (at, 0, 0);
        for (var next = isInternational ? at + 1 : at; digits <= MostDigits; next = GroupStart(text, end))
        {
            next = AreaEnd(text, next) is > 0 and var area && groups < 2
                ? SkipArea(text, next, area, ref digits)
                : next;
            var groupEnd = Bytes.WordEnd(text, next, MostDigits + 1);
            if (groupEnd == next || !AreDigits(text[next..groupEnd], out var length))
            {
                break;
            }

            (end, digits, groups) = (next + length, digits + length, groups + 1);
            if (next + length < groupEnd)
            {
                break;
            }
        }

        steps += end - at;
        var fewest = isInternational ? FewestDigits + 1 : FewestDigits;
        return digits < fewest || digits > MostDigits
            ? default
            : new Match(
                at, ExtensionEnd(text, end), isInternational ? Certainty.Certain : Certainty.Likely, DataKinds.Phone);
    }

    private static bool Joins(in NumberChain chain, int first, int next) =>
        chain[next].Separator is (byte)' ' or (byte)'-' or (byte)'.'
        && chain[next].Length is >= 2 and <= 8
        && chain[next].Start - chain[next - 1].End == 1
        && (chain[first].Length <= 5);

    private static Certainty PlainCertainty(int digits) => digits switch
    {
        >= 9 and <= 11 => Certainty.Possible,
        7 or 8 or 12 or 13 => Certainty.Possible,
        _ => Certainty.None,
    };

    /// <summary>Years side by side, prices, versions, and what goes on behind its end.</summary>
    private static bool IsOther(in NumberChain chain, int first, int last)
    {
        var (before, next) = (Bytes.At(chain.Text, chain[first].Start - 1), Bytes.At(chain.Text, chain[last].End));
        var isPart = before is (byte)'$' or (byte)'#' or (byte)'_' or (byte)'/' or (byte)'='
            || next is (byte)'_' or (byte)'%'
            || (before == '-' && Bytes.IsWord(Bytes.At(chain.Text, chain[first].Start - 2)));
        var areDots = last == first + 1 && chain[last].Separator == '.';
        var areYears = chain[first].Length == 4 && last == first + 1 && chain[last].Length == 4
            && IsYear(chain, first) && IsYear(chain, last);
        return isPart || areDots || areYears;
    }

    /// <summary>A postal code and a house number, before the name of a street.</summary>
    private static bool IsLikeAddress(in NumberChain chain, int first, int last) =>
        last == first + 1 && chain[last].Separator == ' '
        && Bytes.At(chain.Text, chain[last].End) == ' '
        && Bytes.At(chain.Text, chain[last].End + 1) is (>= (byte)'A' and <= (byte)'Z') or >= 0x80;

    private static bool IsYear(in NumberChain chain, int group) =>
        chain.Text[chain[group].Start..].StartsWith("19"u8) || chain.Text[chain[group].Start..].StartsWith("20"u8);

    private static int AreaEnd(ReadOnlySpan<byte> text, int at)
    {
        if (Bytes.At(text, at) != '(')
        {
            return 0;
        }

        var end = at + 1;
        while (end - at <= 4 && Bytes.IsDigit(Bytes.At(text, end)))
        {
            end++;
        }

        return end > at + 1 && Bytes.At(text, end) == ')' ? end + 1 : 0;
    }

    private static int SkipArea(ReadOnlySpan<byte> text, int at, int end, ref int digits)
    {
        digits += end - at - 2;
        return Bytes.At(text, end) is (byte)' ' or (byte)'-' ? end + 1 : end;
    }

    private static int GroupStart(ReadOnlySpan<byte> text, int end) =>
        Bytes.At(text, end) is (byte)' ' or (byte)'-' or (byte)'.' or (byte)'/' or Bytes.SoftSpace ? end + 1
        : Bytes.At(text, end) == '(' ? end
        : text.Length;

    private static bool AreDigits(ReadOnlySpan<byte> word, out int length)
    {
        length = 0;
        while (length < word.Length && Bytes.IsDigit(word[length]))
        {
            length++;
        }

        return length == word.Length || (length > 1 && word[length] == 'x');
    }

    /// <summary>Takes in <c>x123</c> and <c>ext. 123</c>.</summary>
    private static int ExtensionEnd(ReadOnlySpan<byte> text, int end)
    {
        var at = Bytes.At(text, end) == ' ' ? end + 1 : end;
        var digits = Bytes.StartsWith(text, at, "ext. "u8) ? at + 5
            : Bytes.StartsWith(text, at, "ext "u8) || Bytes.StartsWith(text, at, "ext."u8) ? at + 4
            : Bytes.At(text, at) == 'x' ? at + 1
            : at;
        var last = digits;
        while (last - digits < LongestExtension && Bytes.IsDigit(Bytes.At(text, last)))
        {
            last++;
        }

        return digits > at && last > digits && !Bytes.IsWord(Bytes.At(text, last)) ? last : end;
    }
}
