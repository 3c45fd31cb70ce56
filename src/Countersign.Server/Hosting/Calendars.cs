using System.Collections.Immutable;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Cel;
using Countersign.Server.Configuration;

namespace Countersign.Server.Hosting;

/// <summary>What <c>calendar.*</c> answers: configured freezes, and working hours of a time zone.</summary>
internal static class Calendars
{
    private const int DayBegins = 9;
    private const int DayEnds = 17;

    public static Calendar Of(ImmutableArray<Freeze> freezes, TimeProvider time) => new(
        name => freezes.Any(freeze => freeze.Name == name && IsIn(freeze, time.GetUtcNow())),
        zone => IsWorkingHour(zone, time.GetUtcNow()));

    private static bool IsIn(Freeze freeze, DateTimeOffset now) => freeze.From <= now && now < freeze.Until;

    /// <summary>
    /// Monday to Friday, 9 to 17 o'clock in the zone; <c>null</c> for a zone this machine does not know.
    /// </summary>
    private static bool? IsWorkingHour(string zone, DateTimeOffset now)
    {
        if (TimeZones.Find(zone) is not { } found)
        {
            return null;
        }

        var local = TimeZoneInfo.ConvertTime(now, found);
        return local.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday)
            && local.Hour is >= DayBegins and < DayEnds;
    }
}
