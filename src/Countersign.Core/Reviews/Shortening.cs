using System.Text;

namespace Countersign.Core.Reviews;

/// <summary>
/// A shown text as head and tail, with the number of bytes that are left out between. The mark is spelled
/// <c>\u{…}</c>, which no shown text can hold by itself.
/// </summary>
public static class Shortening
{
    /// <summary>The tail is a quarter: what is dangerous may stand at either end.</summary>
    private const int TailShare = 4;

    /// <summary>Longest spelling of one character or run, which a cut must not divide.</summary>
    private const int LongestSpelling = 24;

    /// <param name="shown">What <see cref="DisplayText"/> made.</param>
    /// <param name="most">Characters that may stand there, the mark included.</param>
    public static string Of(string shown, int most)
    {
        if (shown.Length <= most)
        {
            return shown;
        }

        var room = most - Mark(shown.Length * 3L).Length;
        if (room < TailShare)
        {
            return Mark(Encoding.UTF8.GetByteCount(shown));
        }

        var head = WholeBefore(shown, room - (room / TailShare));
        var tail = WholeAfter(shown, shown.Length - (room / TailShare));
        return shown[..head] + Mark(Encoding.UTF8.GetByteCount(shown.AsSpan(head, tail - head))) + shown[tail..];
    }

    private static string Mark(long bytes) => $@"\u{{… {bytes:N0} bytes hidden …}}";

    /// <summary>The nearest place before a position that divides neither a pair nor a spelling.</summary>
    private static int WholeBefore(string shown, int at)
    {
        var from = Math.Max(0, at - LongestSpelling);
        var opens = shown.AsSpan(from, at - from).LastIndexOf('\\');
        var isInside = opens >= 0 && shown.AsSpan(from + opens, at - from - opens).IndexOf('}') < 0
            && shown.AsSpan(from + opens).StartsWith(@"\u{", StringComparison.Ordinal);
        var cut = isInside ? from + opens : at;
        return cut > 0 && char.IsLowSurrogate(shown[cut]) ? cut - 1 : cut;
    }

    private static int WholeAfter(string shown, int at)
    {
        var before = WholeBefore(shown, at);
        if (before == at)
        {
            return at;
        }

        var end = shown[before] == '\\' ? shown.IndexOf('}', before) : at;
        return end < 0 ? shown.Length : end + 1;
    }
}
