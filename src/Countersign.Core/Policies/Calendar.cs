namespace Countersign.Core.Policies;

/// <summary>
/// The configured calendars, read at the time of the request; <c>null</c> is an unknown name or zone.
/// </summary>
/// <param name="Frozen">Whether a change freeze of that name holds.</param>
/// <param name="BusinessHours">Whether it is a working hour in that time zone (an IANA name).</param>
public sealed record Calendar(Func<string, bool?> Frozen, Func<string, bool?> BusinessHours);
