namespace Countersign.Core.Policies.Cel.Runtime;

/// <summary>Positions and order by Unicode code point over UTF-16 strings.</summary>
internal static class CodePoints
{
    public static int Count(string text)
    {
        var first = FirstSurrogate(text);
        return first < 0 ? text.Length : first + CountRunes(text.AsSpan(first));
    }

    /// <summary>
    /// The UTF-16 index of a code point, or -1 when the text has fewer; its length is a valid position.
    /// </summary>
    public static int ToIndex(string text, long codePoint)
    {
        if (codePoint < 0 || codePoint > text.Length)
        {
            return -1;
        }

        if (FirstSurrogate(text) < 0)
        {
            return (int)codePoint;
        }

        var index = 0;
        for (; codePoint > 0 && index < text.Length; codePoint--)
        {
            index += LengthAt(text, index);
        }

        return codePoint > 0 ? -1 : index;
    }

    /// <summary>The number of code points before a UTF-16 index.</summary>
    public static int FromIndex(string text, int index) =>
        FirstSurrogate(text) < 0 ? index : CountRunes(text.AsSpan(0, index));

    public static int LengthAt(ReadOnlySpan<char> text, int index) =>
        char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]) ? 2 : 1;

    /// <summary>Orders by code point; UTF-16 order differs where surrogates meet the characters from U+E000.</summary>
    public static int Compare(string left, string right)
    {
        var common = left.AsSpan().CommonPrefixLength(right);
        if (common == left.Length || common == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        return Rank(left[common]).CompareTo(Rank(right[common]));
    }

    private static int Rank(char c) => char.IsSurrogate(c) ? c + 0x10000 : c;

    private static int FirstSurrogate(string text) => text.AsSpan().IndexOfAnyInRange('\ud800', '\udfff');

    private static int CountRunes(ReadOnlySpan<char> text)
    {
        var count = 0;
        for (var i = 0; i < text.Length; i += LengthAt(text, i))
        {
            count++;
        }

        return count;
    }
}
