using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Detectors;

/// <summary>A dotted name as it stands in a text, international labels included.</summary>
internal readonly ref struct HostName
{
    private const int LongestName = 253;
    private const int LongestLabel = 63;

    private HostName(int start, int end, int labels, ReadOnlySpan<byte> last)
    {
        (Start, End, Labels) = (start, end, labels);
        Last = last;
    }

    public int Start { get; }

    public int End { get; }

    public int Length => End - Start;

    public int Labels { get; }

    public ReadOnlySpan<byte> Last { get; }

    /// <summary>Whether the last label can be a top-level domain by its form.</summary>
    public bool HasLettersLast
    {
        get
        {
            if (Last.Length is < 2 or > 24)
            {
                return false;
            }

            if (Last.StartsWith("xn--"u8))
            {
                return true;
            }

            foreach (var letter in Last)
            {
                if (!Bytes.IsLetter(letter) && letter < 0x80)
                {
                    return false;
                }
            }

            return true;
        }
    }

    public bool IsTopDomainKnown => TopDomains.Has(Last);

    /// <summary>Reads labels for as long as they go on; a trailing dot or hyphen belongs to the sentence.</summary>
    public static HostName Read(ReadOnlySpan<byte> text, int at)
    {
        var stop = Math.Min(text.Length, at + LongestName);
        var (end, labels, last) = (at, 0, at..at);
        for (var start = at; start < stop; start = end + 1)
        {
            var next = LabelEnd(text, start, stop);
            if (next == start || next - start > LongestLabel)
            {
                break;
            }

            (end, labels, last) = (next, labels + 1, start..next);
            if (Bytes.At(text, end) != '.')
            {
                break;
            }
        }

        return new HostName(at, end, labels, text[last]);
    }

    private static int LabelEnd(ReadOnlySpan<byte> text, int start, int stop)
    {
        var end = start;
        while (end < stop && Bytes.IsLabel(text[end]))
        {
            end++;
        }

        while (end > start && text[end - 1] == '-')
        {
            end--;
        }

        return start < end && text[start] == '-' ? start : end;
    }
}
