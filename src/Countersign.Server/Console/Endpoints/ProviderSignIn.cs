using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Server.Console.Sessions;
using Countersign.Server.SignIn;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Countersign.Server.Console.Endpoints;

/// <summary>
/// Signing in with the identity provider, which gives a session of assurance <c>session</c>. (1) A link sends the
/// browser there; (2) it comes back with a code and the state that only this browser was sent with.
/// </summary>
internal sealed class ProviderSignIn(
    SignInWays ways, SignInDesk desk, SignInAttempts attempts, SessionCookie cookie, SignInEndpoints form)
{
    public const string Address = "/console/sign-in/provider";

    /// <summary>The one address that the provider is to send browsers back to.</summary>
    public const string Return = "/console/sign-in/callback";

    private const string CookieName = "countersign_attempt";

    private const int MaxCode = 4096;

    /// <summary>What RFC 6749 section 4.1.2.1 and OpenID Connect Core section 3.1.2.6 have a provider say.</summary>
    private static readonly string[] KnownErrors =
    [
        "access_denied", "login_required", "consent_required", "interaction_required", "account_selection_required",
        "temporarily_unavailable", "server_error", "invalid_request", "invalid_scope", "unauthorized_client",
    ];

    /// <summary>Step 1. A GET: it changes nothing but what this browser may come back with.</summary>
    public async Task LeaveAsync(HttpContext context)
    {
        var after = context.Request.Query["action"].ToString();
        if (ways.Provider is not { } provider)
        {
            await form.RefuseAsync(context, 404, "There is no identity provider to sign in with.", after);
            return;
        }

        if (!desk.Throttle.TryAsk(context.Connection.RemoteIpAddress))
        {
            await form.RefuseAsync(context, 429, "Too many attempts from your address. Wait a minute.", after);
            return;
        }

        var (question, secret) = attempts.Begin(after);
        try
        {
            var address = await provider.AddressForAsync(question, ReturnAddress, context.RequestAborted);
            context.Response.Cookies.Append(CookieName, secret, CookieFor(context));
            context.Response.StatusCode = StatusCodes.Status303SeeOther;
            context.Response.Headers.Location = address.AbsoluteUri;
        }
        catch (ProviderException unreachable)
        {
            await form.RefuseAsync(context, 503, $"{unreachable.Message} Try again in a moment.", after);
        }
    }

    /// <summary>Step 2.</summary>
    public async Task ComeBackAsync(HttpContext context)
    {
        var secret = context.Request.Cookies[CookieName];
        context.Response.Cookies.Delete(CookieName, CookieFor(context));
        if (ways.Provider is not { } provider || !desk.Throttle.TryEnter(context.Connection.RemoteIpAddress))
        {
            await form.RefuseAsync(context, 429, "Too many attempts from your address. Wait a minute.", after: null);
            return;
        }

        var query = context.Request.Query;
        if (Single(query["state"]) is not { } state || attempts.TryTake(state, secret) is not var (question, after))
        {
            await form.RefuseAsync(
                context,
                400,
                "This sign-in was not begun in this browser, is older than ten minutes, or was used before. " +
                "Begin again.",
                after: null);
            return;
        }

        try
        {
            var answer = await AskAsync(provider, question, context);
            await (answer is ProviderAnswer.Known known
                ? EnterAsync(context, known, after)
                : form.RefuseAsync(context, 401, $"{ProviderName} did not sign you in. {WhyNot(answer)}", after));
        }
        catch (ProviderException unreachable)
        {
            await form.RefuseAsync(context, 503, $"{unreachable.Message} Try again in a moment.", after);
        }
    }

    private async Task<ProviderAnswer> AskAsync(OpenIdProvider provider, SignInQuestion question, HttpContext context)
    {
        var query = context.Request.Query;
        if (!await provider.IsFromHereAsync(query["iss"].ToString(), context.RequestAborted))
        {
            return new ProviderAnswer.Refused("The answer is of another provider.");
        }

        if (Single(query["error"]) is { } error)
        {
            return new ProviderAnswer.Refused(
                KnownErrors.Contains(error) ? $"It says '{error}'." : "It gives a reason that is not known here.");
        }

        return Single(query["code"]) is { Length: <= MaxCode } code
            ? await provider.RedeemAsync(code, question, ReturnAddress, context.RequestAborted)
            : new ProviderAnswer.Refused("It sent no code.");
    }

    private Task EnterAsync(HttpContext context, ProviderAnswer.Known known, string? after)
    {
        if (ways.FindPerson(known.Subject) is not { } person || desk.Charter().People.Find(person) is null)
        {
            // The person proves who they are there, and an admin says who that is here: neither alone links the two.
            return form.RefuseAsync(
                context,
                403,
                $"{ProviderName} knows you as '{known.Subject.Name}', and nobody here has that account. Give this " +
                "name to an admin: it goes into the configuration under your 'accounts', as 'oidc'.",
                after);
        }

        ways.Standings?.Put(person, known);
        return cookie.ArriveAsync(context, new Voter(person, Assurance.Session), after);
    }

    private string ProviderName => ways.Provider!.Options.Name;

    private Uri ReturnAddress => new(ways.PublicUrl(), Return);

    private static string WhyNot(ProviderAnswer answer) =>
        answer is ProviderAnswer.Refused refused ? refused.Why : "";

    /// <summary>What is there once; a parameter that is there twice is none.</summary>
    private static string? Single(StringValues values) => values is [{ Length: > 0 } one] ? one : null;

    /// <summary>
    /// It has to come along when the provider sends the browser back, which the session's own cookie does not. Nothing
    /// but this attempt hangs on it.
    /// </summary>
    private CookieOptions CookieFor(HttpContext context) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        Secure = context.Request.IsHttps || ways.PublicUrl().Scheme == Uri.UriSchemeHttps,
        Path = "/console/sign-in",
        MaxAge = SignInAttempts.Lifetime,
        IsEssential = true,
    };
}
