using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Api;

/// <summary>Reads <c>?wait=SECONDS</c>.</summary>
internal static class ApiWait
{
    public static bool TryRead(HttpRequest request, TimeSpan longest, out TimeSpan patience)
    {
        patience = TimeSpan.Zero;
        if (!request.Query.TryGetValue("wait", out var text))
        {
            return true;
        }

        var valid = double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            && seconds >= 0 && seconds <= longest.TotalSeconds;
        patience = valid ? TimeSpan.FromSeconds(seconds) : TimeSpan.Zero;
        return valid;
    }
}
