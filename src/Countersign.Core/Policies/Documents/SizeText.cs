using System.Globalization;

namespace Countersign.Core.Policies.Documents;

/// <summary>How many bytes, as people write it: <c>64KB</c>, <c>10MB</c>, or a plain number.</summary>
internal static class SizeText
{
    public const string Form = "a size like 64KB or 10MB";

    private const long Kilobyte = 1024;

    public static bool TryParse(string text, out long bytes)
    {
        var (digits, unit) = text switch
        {
            _ when text.EndsWith("KB", StringComparison.OrdinalIgnoreCase) => (text[..^2], Kilobyte),
            _ when text.EndsWith("MB", StringComparison.OrdinalIgnoreCase) => (text[..^2], Kilobyte * Kilobyte),
            _ => (text, 1L),
        };
        var isNumber = int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count);
        bytes = count * unit;
        return isNumber;
    }
}
