using System.Buffers;
using Countersign.Core.Redaction.Scanning;
using Countersign.Core.Redaction.Secrets;

namespace Countersign.Core.Redaction.Detectors;

/// <summary>
/// Values that a name calls secret: <c>password=…</c>, <c>"apiKey": "…"</c>, <c>Authorization: Bearer …</c>.
/// </summary>
internal static class Assignments
{
    private const int LongestGap = 8;
    private const int LongestValue = RunMemo.Longest;
    private const int ShortestPassword = 6;
    private const int ShortestSecret = 16;
    private const double LeastEntropy = 3.0;

    /// <summary>What ends a value.</summary>
    public static readonly SearchValues<byte> Ends = SearchValues.Create("\"'`,; \t\r\n&<>"u8);
    private static readonly SearchValues<byte> OfCode = SearchValues.Create("(){}<>$*"u8);

    /// <param name="text">The view.</param>
    /// <param name="end">Where the name ends.</param>
    /// <param name="topic">What the name says.</param>
    /// <param name="values">Where values end.</param>
    /// <param name="steps">Counts the bytes that were looked at.</param>
    public static Match Find(
        ReadOnlySpan<byte> text, int end, Topic topic, RunMemo values, ref long steps) => topic switch
    {
        Topic.Bearer or Topic.Basic => Credentials(text, end, topic, values, ref steps),
        Topic.Password => Assigned(text, end, ShortestPassword, isRandom: false, values, ref steps),
        _ => Assigned(text, end, ShortestSecret, isRandom: true, values, ref steps),
    };

    private static Match Credentials(
        ReadOnlySpan<byte> text, int end, Topic topic, RunMemo values, ref long steps)
    {
        var start = end + 1;
        if (Bytes.At(text, end) != ' ' || !Bytes.IsWord(Bytes.At(text, start)))
        {
            return default;
        }

        var stop = values.EndOf(text, start, ref steps);
        var value = text[start..stop];
        steps += value.Length < LongestValue ? value.Length : 1;
        var isSecret = topic == Topic.Basic
            ? value.Length is >= 8 and < LongestValue && IsUserAndPassword(value)
            : value.Length >= ShortestSecret && Entropy.Of(value) >= LeastEntropy && Entropy.Classes(value) > 1;
        return isSecret ? new Match(start, stop, Certainty.Certain, DataKinds.Authorization) : default;
    }

    private static bool IsUserAndPassword(ReadOnlySpan<byte> value)
    {
        Span<byte> decoded = stackalloc byte[LongestValue];
        return System.Buffers.Text.Base64.DecodeFromUtf8(value, decoded, out _, out var length)
                == System.Buffers.OperationStatus.Done
            && decoded[..length].IndexOf((byte)':') > 0
            && decoded[..length].IndexOfAnyExceptInRange((byte)' ', (byte)'~') < 0;
    }

    private static Match Assigned(
        ReadOnlySpan<byte> text, int end, int shortest, bool isRandom, RunMemo values, ref long steps)
    {
        var start = ValueStart(text, end, out var isQuoted);
        if (start == 0)
        {
            return default;
        }

        var stop = values.EndOf(text, start, ref steps);
        var value = text[start..stop];
        steps += Math.Min(value.Length, Entropy.MostBytes);
        var next = Bytes.At(text, stop);
        var isCode = next is (byte)'(' or (byte)'[' or (byte)'<'
            || value[..Math.Min(value.Length, Entropy.MostBytes)].IndexOfAny(OfCode) >= 0;
        if (value.Length < shortest || value.Length >= LongestValue || isCode)
        {
            return default;
        }

        // Without quotes a word is the name of something; with digits in it, hardly.
        var isConvincing = isRandom
            ? Entropy.Of(value) >= LeastEntropy && Entropy.HasDigits(value) && Entropy.Classes(value) > 1
            : isQuoted || Entropy.HasDigits(value);
        return isConvincing ? new Match(start, stop, Certainty.Likely, DataKinds.AssignedSecret) : default;
    }

    /// <summary>Passes over quotes, an equals sign or a colon; 0 when there is none.</summary>
    private static int ValueStart(ReadOnlySpan<byte> text, int end, out bool isQuoted)
    {
        var (at, signs) = (end, 0);
        isQuoted = false;
        for (; at - end < LongestGap; at++)
        {
            switch (Bytes.At(text, at))
            {
                case (byte)':' or (byte)'=':
                    signs++;
                    break;
                case (byte)'"' or (byte)'\'' or (byte)'`':
                    isQuoted |= signs > 0;
                    break;
                case (byte)' ' when at < text.Length:
                    break;
                default:
                    return signs is 1 or 2 && at < text.Length && !Bytes.IsSpace(text[at]) ? at : 0;
            }
        }

        return 0;
    }
}
