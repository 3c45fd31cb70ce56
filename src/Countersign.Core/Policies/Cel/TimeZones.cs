using System.Buffers;

namespace Countersign.Core.Policies.Cel;

/// <summary>The time zone database of this machine.</summary>
public static class TimeZones
{
    private const int NameLength = 64;

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-_/");

    /// <summary>Finds a zone by its IANA name, such as <c>Europe/Berlin</c>; null when there is none.</summary>
    /// <remarks>
    /// A name may come from an action, and the runtime takes it for a path: <c>/dev/zero</c> would be read to its end.
    /// So only what can be an IANA name reaches it. Those start with a capital; what does not is another file of the
    /// database, or depends on the machine (<c>localtime</c>) or on leap seconds (<c>right/UTC</c>).
    /// </remarks>
    public static TimeZoneInfo? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return IsName(name) && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : null;
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= NameLength
        && char.IsAsciiLetterUpper(name[0])
        && !name.AsSpan().ContainsAnyExcept(NameCharacters);
}
