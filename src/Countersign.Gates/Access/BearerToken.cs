using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Access;

/// <summary>The <c>Authorization: Bearer</c> header (RFC 6750 section 2.1), the only way a token travels.</summary>
internal static class BearerToken
{
    private const string Scheme = "Bearer ";

    public static string? From(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : null;
    }
}
