using System.Globalization;

namespace Countersign.Core.Policies.Cel.Runtime;

/// <summary>Timestamps from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z (langdef, "Timestamps").</summary>
internal static class Instants
{
    private const long FirstSecond = -62_135_596_800;
    private const long LastSecond = 253_402_300_799;
    private const long PerSecond = Durations.PerSecond;

    private static readonly CelValue OutOfRange = CelValue.Error("the timestamp is outside the years 1 to 9999");

    private static readonly CelValue Malformed =
        CelValue.Error("a timestamp is written as in RFC 3339, such as 2026-01-31T12:00:00Z");

    public static CelValue FromSeconds(long seconds) =>
        seconds is < FirstSecond or > LastSecond ? OutOfRange : CelValue.FromInstant(seconds, 0);

    /// <summary>Adds a duration to a timestamp or a duration, in either order; absent for other kinds.</summary>
    public static CelValue Add(in CelValue left, in CelValue right) => (left.Kind, right.Kind) switch
    {
        (CelKind.Timestamp, CelKind.Duration) => From(Whole(left) + right.Nanoseconds),
        (CelKind.Duration, CelKind.Timestamp) => From(Whole(right) + left.Nanoseconds),
        (CelKind.Duration, CelKind.Duration) => Durations.From((Int128)left.Nanoseconds + right.Nanoseconds),
        _ => default,
    };

    /// <summary>Subtracts timestamps and durations; absent for other kinds.</summary>
    public static CelValue Subtract(in CelValue left, in CelValue right) => (left.Kind, right.Kind) switch
    {
        (CelKind.Timestamp, CelKind.Duration) => From(Whole(left) - right.Nanoseconds),
        (CelKind.Timestamp, CelKind.Timestamp) => Durations.From(Whole(left) - Whole(right)),
        (CelKind.Duration, CelKind.Duration) => Durations.From((Int128)left.Nanoseconds - right.Nanoseconds),
        _ => default,
    };

    /// <summary>Reads RFC 3339; fractions beyond nanoseconds are cut off.</summary>
    public static CelValue Parse(string text)
    {
        if (text.Length is < 20 or > 64 || text[10] is not ('T' or 't'))
        {
            return Malformed;
        }

        var rest = text.AsSpan(19);
        if (!TryTakeFraction(ref rest, out var nanoseconds) || !TryReadOffset(rest, out var offset))
        {
            return Malformed;
        }

        if (!DateTime.TryParseExact(
            text.AsSpan(0, 19),
            "yyyy-MM-dd'T'HH:mm:ss",
            CultureInfo.InvariantCulture,
            DateTimeStyles.None,
            out var local))
        {
            return Malformed;
        }

        var seconds = (local.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;
        return From(((Int128)(seconds - offset) * PerSecond) + nanoseconds);
    }

    public static string Print(in CelValue timestamp) =>
        UtcOf(timestamp.Seconds).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture)
        + Durations.Fraction(timestamp.NanosecondOfSecond) + "Z";

    public static DateTime UtcOf(long seconds) =>
        new(DateTime.UnixEpoch.Ticks + (seconds * TimeSpan.TicksPerSecond), DateTimeKind.Utc);

    /// <summary>
    /// The wall clock of a zone: an IANA name, <c>UTC</c>, or an offset such as <c>+02:00</c> or <c>-09:30</c>.
    /// </summary>
    public static bool TryGetLocal(long seconds, string zone, FindTimeZone? find, out DateTime local)
    {
        local = default;
        if (!TryGetOffset(seconds, zone, find, out var offset))
        {
            return false;
        }

        var shifted = seconds + offset;
        if (shifted is < FirstSecond or > LastSecond)
        {
            return false;
        }

        local = UtcOf(shifted);
        return true;
    }

    public static bool IsZone(string zone, FindTimeZone? find) => TryGetOffset(seconds: 0, zone, find, out _);

    public static string UnknownZone(string zone) =>
        $"the time zone {CelValue.FromString(zone)} is unknown on this machine; " +
        "use an IANA name or an offset such as +02:00";

    private static bool TryGetOffset(long seconds, string zone, FindTimeZone? find, out long offset)
    {
        const int LongestOffset = 6;
        offset = 0;
        if (zone.Length <= LongestOffset
            && (TryReadOffset(zone, out offset) || TryReadOffset("+" + zone, out offset) || zone is "UTC"))
        {
            return true;
        }

        if (find?.Invoke(zone) is not { } rules)
        {
            return false;
        }

        offset = (long)rules.GetUtcOffset(UtcOf(seconds)).TotalSeconds;
        return true;
    }

    private static Int128 Whole(in CelValue timestamp) =>
        ((Int128)timestamp.Seconds * PerSecond) + timestamp.NanosecondOfSecond;

    private static CelValue From(Int128 nanoseconds)
    {
        var remainder = nanoseconds % PerSecond;
        var nanosecond = (int)(remainder < 0 ? remainder + PerSecond : remainder);
        var seconds = (long)((nanoseconds - nanosecond) / PerSecond);
        return seconds is < FirstSecond or > LastSecond ? OutOfRange : CelValue.FromInstant(seconds, nanosecond);
    }

    private static bool TryTakeFraction(ref ReadOnlySpan<char> rest, out int nanoseconds)
    {
        nanoseconds = 0;
        if (!rest.StartsWith("."))
        {
            return true;
        }

        var end = rest[1..].IndexOfAnyExceptInRange('0', '9');
        if (end <= 0)
        {
            return false;
        }

        for (var i = 0; i < 9; i++)
        {
            nanoseconds = (nanoseconds * 10) + (i < end ? rest[1 + i] - '0' : 0);
        }

        rest = rest[(1 + end)..];
        return true;
    }

    private static bool TryReadOffset(ReadOnlySpan<char> text, out long seconds)
    {
        seconds = 0;
        if (text is "Z" or "z")
        {
            return true;
        }

        if (text.Length != 6 || text[0] is not ('+' or '-') || text[3] != ':'
            || !int.TryParse(text[1..3], NumberStyles.None, CultureInfo.InvariantCulture, out var hours)
            || !int.TryParse(text[4..], NumberStyles.None, CultureInfo.InvariantCulture, out var minutes)
            || hours > 23 || minutes > 59)
        {
            return false;
        }

        seconds = ((hours * 60) + minutes) * 60 * (text[0] == '-' ? -1 : 1);
        return true;
    }
}
