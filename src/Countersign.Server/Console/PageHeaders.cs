using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console;

/// <summary>The headers that every answer of the console carries, errors included.</summary>
internal static class PageHeaders
{
    /// <summary>
    /// Nothing from elsewhere, nothing inline, no frames (CSP level 3); scripts may not turn text into markup (Trusted
    /// Types).
    /// </summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; " +
        "require-trusted-types-for 'script'; trusted-types 'none'";

    public static void Set(HttpResponse response)
    {
        var headers = response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";

        // Under 'no-referrer' browsers send forms with 'Origin: null', which would hide where a form came from.
        headers["Referrer-Policy"] = "same-origin";
    }
}
