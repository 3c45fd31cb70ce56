using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Detectors;

/// <summary>Dates with four digits of the year, in numbers or with the month's name.</summary>
internal static class Dates
{
    private static readonly string[] Months =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

    private static readonly string[] WholeMonths =
    [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december",
    ];

    /// <summary>Where a date in numbers that starts here ends; 0 when there is none.</summary>
    public static int EndOf(ReadOnlySpan<byte> text, int at)
    {
        var first = Number(text, at, 4);
        var separator = Bytes.At(text, first.End);
        if (separator is not ((byte)'-' or (byte)'/' or (byte)'.') || first.Length == 3)
        {
            return 0;
        }

        var second = Number(text, first.End + 1, 2);
        if (second.Length == 0 || Bytes.At(text, second.End) != separator)
        {
            return 0;
        }

        var third = Number(text, second.End + 1, first.Length == 4 ? 2 : 4);
        var isDate = first.Length == 4
            ? IsYear(first.Value) && IsDay(second.Value, third.Value)
            : third.Length == 4 && IsYear(third.Value)
                && (IsDay(second.Value, first.Value) || IsDay(first.Value, second.Value));
        return isDate && third.Length > 0 && !Bytes.IsDigit(Bytes.At(text, third.End)) ? third.End : 0;
    }

    /// <summary>A date with the month's name, from its day on: <c>3 March 1985</c>.</summary>
    public static int EndOfNamed(ReadOnlySpan<byte> text, int at, int end)
    {
        var name = Bytes.IsLetter(Bytes.At(text, end)) ? end + 2 : end;
        name = Bytes.At(text, name) is (byte)' ' or (byte)'-' or (byte)'.' ? name + 1 : name;
        name = Bytes.At(text, name) == ' ' ? name + 1 : name;
        var month = MonthEnd(text, name);
        if (month == 0 || end - at > 2)
        {
            return 0;
        }

        return EndOfYear(text, month);
    }

    /// <summary>A date that begins with the month's name: <c>March 3, 1985</c>.</summary>
    public static int EndOfNamed(ReadOnlySpan<byte> text, int at)
    {
        var month = MonthEnd(text, at);
        if (month == 0 || !Bytes.IsSpace(Bytes.At(text, month)))
        {
            return 0;
        }

        var day = Number(text, month + 1, 2);
        var next = Bytes.IsLetter(Bytes.At(text, day.End)) ? day.End + 2 : day.End;
        return day.Length == 0 ? 0 : EndOfYear(text, next);
    }

    private static int MonthEnd(ReadOnlySpan<byte> text, int at)
    {
        var end = Bytes.WordEnd(text, Math.Min(at, text.Length), 10);
        if (end - at is < 3 or > 9)
        {
            return 0;
        }

        Span<char> word = stackalloc char[10];
        for (var i = at; i < end; i++)
        {
            word[i - at] = (char)Bytes.Lower(text[i]);
        }

        var names = end - at == 3 ? Months : WholeMonths;
        foreach (var name in names)
        {
            if (word[..(end - at)].SequenceEqual(name))
            {
                return end;
            }
        }

        return 0;
    }

    private static int EndOfYear(ReadOnlySpan<byte> text, int at)
    {
        var start = at;
        while (start < at + 2 && Bytes.At(text, start) is (byte)' ' or (byte)',' or (byte)'-' or (byte)'.')
        {
            start++;
        }

        var year = Number(text, start, 4);
        return start > at && year.Length == 4 && IsYear(year.Value) ? year.End : 0;
    }

    private static (int Value, int Length, int End) Number(ReadOnlySpan<byte> text, int at, int most)
    {
        var (value, length) = (0, 0);
        while (length < most && Bytes.IsDigit(Bytes.At(text, at + length)))
        {
            value = (value * 10) + text[at + length++] - '0';
        }

        return (value, length, at + length);
    }

    private static bool IsYear(int value) => value is >= 1900 and <= 2099;

    private static bool IsDay(int month, int day) => month is >= 1 and <= 12 && day is >= 1 and <= 31;
}
