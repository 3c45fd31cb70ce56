using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Detectors;

/// <summary>E-mail addresses, found at their @.</summary>
internal static class Emails
{
    /// <summary>RFC 5321, 4.5.3.1.1.</summary>
    public const int LongestLocalPart = 64;

    /// <param name="text">The view.</param>
    /// <param name="at">Where the @ stands.</param>
    /// <param name="from">Nothing before this belongs to it.</param>
    /// <param name="steps">Counts the bytes that were looked at.</param>
    public static Match Find(ReadOnlySpan<byte> text, int at, int from, ref long steps)
    {
        var start = StartOf(text, at, from);
        var name = HostName.Read(text, at + 1);
        steps += at - start + name.Length;
        if (start == at || name.Labels < 2 || !name.HasLettersLast)
        {
            return default;
        }

        return new Match(start, name.End, name.IsTopDomainKnown ? Certainty.Certain : Certainty.Likely);
    }

    private static int StartOf(ReadOnlySpan<byte> text, int at, int from)
    {
        var least = Math.Max(from, at - LongestLocalPart);
        var start = at;
        while (start > least && Bytes.IsLocal(text[start - 1]))
        {
            start--;
        }

        // Neither quotes and dots before an address belong to it, nor half of a character.
        while (start < at && (text[start] is (byte)'.' or (byte)'\'' or (byte)'-' or (byte)'~'
            || (text[start] & 0xC0) == 0x80))
        {
            start++;
        }

        return start;
    }
}
