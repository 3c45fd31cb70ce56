using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Detectors;

/// <summary>Addresses of machines: IPv4, IPv6 and MAC.</summary>
internal static class Addresses
{
    private const int LongestIPv4 = 15;
    private const int LongestIPv6 = 45;
    private const int MacGroups = 6;
    private const int IPv6Groups = 8;

    /// <summary>Where an IPv4 address that starts here ends; 0 when there is none.</summary>
    public static int EndOfIPv4(ReadOnlySpan<byte> text, int at)
    {
        if (Bytes.At(text, at - 1) is (byte)'.' or (byte)'-' && Bytes.IsWord(Bytes.At(text, at - 2)))
        {
            return 0;
        }

        var end = at;
        for (var part = 0; part < 4; part++)
        {
            if (part > 0 && Bytes.At(text, end++) != '.')
            {
                return 0;
            }

            var length = OctetLength(text, end);
            if (length == 0)
            {
                return 0;
            }

            end += length;
        }

        var next = Bytes.At(text, end);
        var goesOn = next is (byte)'.' or (byte)'-' && Bytes.IsWord(Bytes.At(text, end + 1));
        return Bytes.IsWord(next) || next == '_' || goesOn ? 0 : end;
    }

    public static Match FindIPv4(ReadOnlySpan<byte> text, int at, ref long steps)
    {
        steps += LongestIPv4 / 2;
        var end = EndOfIPv4(text, at);
        return end == 0 || IsNobodys(text[at..end]) ? default : new Match(at, end, Certainty.Certain);
    }

    /// <summary>Groups of hexadecimal digits from here on: a MAC address, or IPv6.</summary>
    public static Match FindGroups(ReadOnlySpan<byte> text, int at, ref long steps)
    {
        steps += MacGroups * 3;
        var end = EndOfMac(text, at);
        if (end > 0)
        {
            return IsRepeated(text[at..end]) ? default : new Match(at, end, Certainty.Certain, DataKinds.MacAddress);
        }

        return text[at..Math.Min(text.Length, at + 5)].Contains((byte)':') ? FindIPv6(text, at, ref steps) : default;
    }

    public static Match FindIPv6(ReadOnlySpan<byte> text, int at, ref long steps)
    {
        var end = at;
        var (groups, longest, compressed, digits) = (0, 0, 0, 0);
        while (end < text.Length && end - at < LongestIPv6)
        {
            var start = end;
            while (end - start < 5 && Bytes.IsHex(Bytes.At(text, end)))
            {
                digits += Bytes.IsDigit(text[end]) ? 1 : 0;
                end++;
            }

            longest = Math.Max(longest, end - start);
            groups += end > start ? 1 : 0;
            if (Bytes.At(text, end) != ':' || !(IsGroup(text, end + 1) || Bytes.At(text, end + 1) == ':'
                || (end > start && Bytes.At(text, end - 1) == ':')))
            {
                break;
            }

            var isDouble = Bytes.At(text, end + 1) == ':';
            compressed += isDouble ? 1 : 0;
            end += isDouble ? 2 : 1;
        }

        steps += end - at;
        if (compressed == 1 && EndOfMapped(text, at, end) is > 0 and var mapped)
        {
            return new Match(at, mapped, Certainty.Certain);
        }

        var isWhole = compressed == 0 && groups == IPv6Groups;
        var isShort = compressed == 1 && groups < IPv6Groups && digits > 0
            && (groups > 2 || (groups == 2 && longest > 2) || (groups == 1 && longest == 4));
        var next = Bytes.At(text, end);
        return longest < 5 && (isWhole || isShort) && !Bytes.IsWord(next) && next is not ((byte)'_' or (byte)':')
            ? new Match(at, end, Certainty.Certain)
            : default;
    }

    /// <summary>An IPv4 address as the last groups, as in <c>::ffff:192.0.2.1</c>.</summary>
    private static int EndOfMapped(ReadOnlySpan<byte> text, int at, int end)
    {
        var start = end;
        while (start > at && text[start - 1] != ':')
        {
            start--;
        }

        return Bytes.At(text, end) == '.' ? EndOfIPv4(text, start) : 0;
    }

    private static bool IsGroup(ReadOnlySpan<byte> text, int at) => Bytes.IsHex(Bytes.At(text, at));

    private static int OctetLength(ReadOnlySpan<byte> text, int at)
    {
        var (value, length) = (0, 0);
        while (length < 4 && Bytes.IsDigit(Bytes.At(text, at + length)))
        {
            value = (value * 10) + text[at + length++] - '0';
        }

        // A leading zero makes it a date or a version.
        return value > 255 || length > 3 || (length > 1 && text[at] == '0') ? 0 : length;
    }

    /// <summary>Addresses that stand for no machine in particular: this one, all, none, masks.</summary>
    private static bool IsNobodys(ReadOnlySpan<byte> address) =>
        address.StartsWith("127."u8) || address.StartsWith("0."u8) || address.StartsWith("255."u8);

    /// <summary>Where a MAC address that starts here ends; 0 when there is none.</summary>
    public static int EndOfMac(ReadOnlySpan<byte> text, int at)
    {
        var separator = Bytes.At(text, at + 2);
        var end = at + (MacGroups * 3) - 1;
        if (separator is not ((byte)':' or (byte)'-') || end > text.Length || Bytes.At(text, at - 1) == separator)
        {
            return 0;
        }

        for (var i = at; i < end; i++)
        {
            var isRight = (i - at) % 3 == 2 ? text[i] == separator : Bytes.IsHex(text[i]);
            if (!isRight)
            {
                return 0;
            }
        }

        return Bytes.IsWord(Bytes.At(text, end)) || Bytes.At(text, end) == separator ? 0 : end;
    }

    /// <summary>All bytes the same: broadcast or nothing, and no machine's.</summary>
    private static bool IsRepeated(ReadOnlySpan<byte> mac)
    {
        for (var i = 3; i < mac.Length; i++)
        {
            if (mac[i] != mac[i - 3])
            {
                return false;
            }
        }

        return true;
    }
}
