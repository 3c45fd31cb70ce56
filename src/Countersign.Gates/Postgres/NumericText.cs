using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Countersign.Gates.Postgres;

/// <summary>
/// A binary <c>numeric</c> as text: Int16 count, Int16 weight of the first group, Int16 sign, Int16 places behind the
/// point, and the groups of four digits, Int16 each.
/// </summary>
internal static class NumericText
{
    private const int HeadLength = 4 * sizeof(short);
    private const int DigitsPerGroup = 4;
    private const int Base = 10_000;
    private const int Positive = 0;
    private const int Negative = 0x4000;

    /// <summary>All of its places; <c>null</c> for what is no finite number, or not formed like one.</summary>
    public static string? Of(ReadOnlySpan<byte> value)
    {
        if (value.Length < HeadLength)
        {
            return null;
        }

        var (count, weight) = (Int16At(value, 0), Int16At(value, 1));
        var (sign, places) = (Int16At(value, 2), Int16At(value, 3));
        var groups = value[HeadLength..];
        if (count < 0 || places < 0 || sign is not (Positive or Negative) || groups.Length != count * sizeof(short))
        {
            return null;
        }

        for (var i = 0; i < count; i++)
        {
            if (Int16At(groups, i) is < 0 or >= Base)
            {
                return null;
            }
        }

        // The server cuts what stands behind its own number of places, too.
        var fraction = Digits(groups, weight, from: -1, (places + DigitsPerGroup - 1) / DigitsPerGroup)[..places];
        var whole = Digits(groups, weight, from: Math.Max(weight, 0), Math.Max(weight, 0) + 1).TrimStart('0');
        return $"{(sign == Negative ? "-" : "")}{(whole.Length > 0 ? whole : "0")}{(places > 0 ? "." : "")}{fraction}";
    }

    /// <summary>Groups from one weight downwards; those that are not there are zero.</summary>
    private static string Digits(ReadOnlySpan<byte> groups, int weight, int from, int count)
    {
        var text = new StringBuilder();
        for (var i = 0; i < count; i++)
        {
            var index = weight - from + i;
            var group = index >= 0 && index < groups.Length / sizeof(short) ? Int16At(groups, index) : 0;
            text.Append(group.ToString("0000", CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }

    private static int Int16At(ReadOnlySpan<byte> value, int index) =>
        BinaryPrimitives.ReadInt16BigEndian(value[(index * sizeof(short))..]);
}
