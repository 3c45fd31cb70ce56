using System.Globalization;

namespace Countersign.Gates.Http;

/// <summary>
/// <c>Prefer</c> (RFC 7240): how long the caller waits for people is between it and the gate; every other preference
/// is the target's.
/// </summary>
internal static class PreferHeader
{
    private const string Wait = "wait";
    private const string RespondAsync = "respond-async";

    /// <summary>How long the caller wants to be held; what it does not say properly counts as not said.</summary>
    public static TimeSpan WaitOf(string? value, HttpLimits limits)
    {
        foreach (var preference in Split(value))
        {
            if (NameOf(preference) == RespondAsync)
            {
                return TimeSpan.Zero;
            }

            var equals = preference.IndexOf('=', StringComparison.Ordinal);
            if (NameOf(preference) == Wait
                && equals > 0
                && int.TryParse(
                    preference[(equals + 1)..].Trim(' ', '"'),
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out var seconds))
            {
                var asked = TimeSpan.FromSeconds(seconds);
                return asked < limits.LongestWait ? asked : limits.LongestWait;
            }
        }

        return limits.Wait;
    }

    public static string WithoutOurs(string value) => string.Join(
        ", ", Split(value).Where(preference => NameOf(preference) is not (Wait or RespondAsync)));

    private static string[] Split(string? value) =>
        (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static string NameOf(string preference) => preference.Split('=', ';')[0].Trim().ToLowerInvariant();
}
