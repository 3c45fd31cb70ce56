using System.Buffers;
using System.Buffers.Text;
using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Detectors;

/// <summary>JSON web tokens, signed or encrypted: a first part that decodes to a header, then a dot.</summary>
internal static class WebTokens
{
    private const int LongestHeader = 1024;
    private const int MostAtOnce = 2048;
    private const int ShortestRest = 8;
    private const int LongestIndent = 8;

    public static Match Find(ReadOnlySpan<byte> text, int at, ref long steps)
    {
        if (Bytes.At(text, at - 1) is (byte)'-' or (byte)'_')
        {
            // It is the middle of a run, whose beginning was looked at.
            return default;
        }

        var dot = RunEnd(text, at, LongestHeader);
        steps += dot - at;
        if (Bytes.At(text, dot) != '.' || !IsHeader(text[at..dot], ref steps))
        {
            return default;
        }

        var end = Tail.Token.EndOf(text, dot, Math.Min(text.Length, at + MostAtOnce));
        end = OverLines(text, end, at + MostAtOnce);
        steps += end - dot;
        return end - dot > ShortestRest ? new Match(at, end, Certainty.Certain, DataKinds.Jwt) : default;
    }

    private static int RunEnd(ReadOnlySpan<byte> text, int at, int most)
    {
        var end = at;
        var stop = Math.Min(text.Length, at + most);
        while (end < stop && (Bytes.IsWord(text[end]) || text[end] is (byte)'-' or (byte)'_'))
        {
            end++;
        }

        return end;
    }

    private static bool IsHeader(ReadOnlySpan<byte> part, ref long steps)
    {
        Span<byte> header = stackalloc byte[LongestHeader];
        steps += part.Length;
        return Base64Url.DecodeFromUtf8(part, header, out _, out var length) == OperationStatus.Done
            && (header[..length].IndexOf("\"alg\""u8) > 0 || header[..length].IndexOf("\"enc\""u8) > 0);
    }

    /// <summary>A token that was broken into lines goes on where the next line starts.</summary>
    private static int OverLines(ReadOnlySpan<byte> text, int end, int stop)
    {
        while (end < stop && Bytes.At(text, end) is (byte)'\n' or (byte)'\r')
        {
            var next = end;
            while (next - end < LongestIndent && Bytes.IsSpace(Bytes.At(text, next)) && next < text.Length)
            {
                next++;
            }

            var more = Tail.Token.EndOf(text, Math.Min(next, text.Length), Math.Min(text.Length, Math.Max(next, stop)));
            if (more - next < 2 * ShortestRest || Secrets.Entropy.Classes(text[next..more]) < 2)
            {
                break;
            }

            end = more;
        }

        return end;
    }
}
