using System.Globalization;

namespace Countersign.Core.Policies.Cel.Runtime;

/// <summary>
/// How many places a match can be at: one for each character and class, and counted repetitions multiply, also those
/// around others. <c>((a{9}){9}){9}</c> has 729.
/// </summary>
internal static class PatternSize
{
    public static double Of(string pattern)
    {
        var outer = new Stack<double>();
        double whole = 0;
        double last = 0;
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '(':
                    outer.Push(whole);
                    (whole, last) = (0, 0);
                    break;
                case ')' when outer.TryPop(out var before):
                    (whole, last) = (before + whole, whole);
                    break;
                case '{' when TryReadCount(pattern, ref i, out var count):
                    whole += last * (count - 1);
                    last *= count;
                    break;
                case '*' or '+' or '?' or '|':
                    break;
                default:
                    i = EndOfPlace(pattern, i);
                    whole++;
                    last = 1;
                    break;
            }
        }

        return whole;
    }

    /// <summary>The last character of what stands for one place: an escape, a class or a character.</summary>
    private static int EndOfPlace(string pattern, int i)
    {
        if (pattern[i] == '\\')
        {
            return i + 1;
        }

        if (pattern[i] != '[')
        {
            return i;
        }

        // The first member may be the closing bracket itself.
        i += i + 1 < pattern.Length && pattern[i + 1] == '^' ? 2 : 1;
        for (var first = i; i < pattern.Length && (pattern[i] != ']' || i == first); i++)
        {
            i += pattern[i] == '\\' ? 1 : 0;
        }

        return i;
    }

    /// <summary>Reads <c>{n}</c>, <c>{n,}</c> or <c>{n,m}</c>; every other brace is a character.</summary>
    private static bool TryReadCount(string pattern, ref int i, out double count)
    {
        count = 0;
        var end = pattern.IndexOf('}', i);
        if (end < 0)
        {
            return false;
        }

        foreach (var bound in pattern.AsSpan(i + 1, end - i - 1).ToString().Split(',', 2))
        {
            if (bound.Length == 0 && count > 0)
            {
                continue;
            }

            if (!int.TryParse(bound, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            count = Math.Max(Math.Max(count, number), 1);
        }

        i = end;
        return true;
    }
}
