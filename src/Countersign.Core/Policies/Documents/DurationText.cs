using System.Globalization;

namespace Countersign.Core.Policies.Documents;

/// <summary>
/// Durations as policies write them: a whole number and one of <c>s</c>, <c>m</c>, <c>h</c>, <c>d</c>.
/// </summary>
internal static class DurationText
{
    public const string Form = "a whole number with s, m, h or d, like 15m";

    private const int MostDigits = 9;

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (text.Length is < 2 or > MostDigits + 1
            || !long.TryParse(text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            return false;
        }

        var unit = text[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            _ => TimeSpan.Zero,
        };
        // The longest duration is limited here and not by the caller only, because ticks of 10^9 days overflow.
        if (unit == TimeSpan.Zero || count > TimeSpan.MaxValue.Ticks / unit.Ticks)
        {
            return false;
        }

        duration = unit * count;
        return duration > TimeSpan.Zero;
    }
}
