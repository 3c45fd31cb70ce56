using Countersign.Server.Console.Sessions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Countersign.Server.Console;

/// <summary>
/// Reads posted forms that come from a page of this console. Three things guard them: the cookie is SameSite=Strict,
/// the browser says which origin sent the form, and the form holds the session's own token.
/// </summary>
internal sealed class FormGuard(ConsoleOptions options)
{
    public const string TokenField = "form_token";

    private const string FormType = "application/x-www-form-urlencoded";

    /// <summary>
    /// Largest form: a comment of the greatest length with every character percent-encoded, and some room.
    /// </summary>
    private const int MaxBytes = 64 * 1024;

    private const int MaxFields = 16;

    private static readonly FormOptions Limits = new()
    {
        BufferBodyLengthLimit = MaxBytes,
        ValueCountLimit = MaxFields,
        ValueLengthLimit = MaxBytes,
        KeyLengthLimit = 64,
    };

    /// <summary>
    /// Whether the browser's own word on the sender agrees. A browser always says it; a program that says nothing has
    /// no foreign page in it that could have been tricked.
    /// </summary>
    public bool IsFromHere(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        var origin = request.Headers.Origin.ToString();
        return site is "" or "same-origin" && (origin.Length == 0 || IsOurs(request, origin));
    }

    public static bool HasToken(ConsoleSession session, IFormCollection form) =>
        SecretText.AreEqual(session.FormToken, form[TokenField]);

    /// <summary>The form, or <c>null</c> when it is none, malformed or too large.</summary>
    public static async Task<IFormCollection?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentType?.StartsWith(FormType, StringComparison.OrdinalIgnoreCase) != true
            || request.ContentLength > MaxBytes)
        {
            return null;
        }

        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = MaxBytes;
        }

        try
        {
            return await new FormFeature(request, Limits).ReadFormAsync(cancellationToken);
        }
        catch (Exception malformed) when (malformed is InvalidDataException or BadHttpRequestException)
        {
            return null;
        }
    }

    private bool IsOurs(HttpRequest request, string origin) =>
        string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase)
        || (options.PublicUrl is { } url
            && string.Equals(origin, url.GetLeftPart(UriPartial.Authority), StringComparison.OrdinalIgnoreCase));
}
