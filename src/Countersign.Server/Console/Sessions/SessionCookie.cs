using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console.Sessions;

/// <summary>Begins and ends a browser's session, and says so to the browser.</summary>
internal sealed class SessionCookie(SessionStore sessions, ConsoleOptions options, ILogger<SessionCookie> logger)
{
    /// <summary>Signs a person in and shows the action they came for, or the queue.</summary>
    public void Enter(HttpContext context, Voter voter, string? after)
    {
        // The cookie a browser came with never becomes the cookie of a signed-in person.
        sessions.End(ConsoleDoor.CookieOf(context));
        context.Response.Cookies.Append(ConsoleDoor.CookieName, sessions.Start(voter), CookieFor(context));
        Log.SignedIn(logger, voter.Person, voter.Assurance);
        Redirect(context, ActionId.TryParse(after, out var id) ? $"/console/actions/{id}" : "/console");
    }

    public void Leave(Visit visit)
    {
        sessions.End(ConsoleDoor.CookieOf(visit.Context));
        visit.Context.Response.Cookies.Delete(ConsoleDoor.CookieName, CookieFor(visit.Context));
        Log.SignedOut(logger, visit.Person.Id);
        Redirect(visit.Context, "/console/sign-in");
    }

    private static void Redirect(HttpContext context, string address)
    {
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = address;
    }

    private CookieOptions CookieFor(HttpContext context) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = context.Request.IsHttps || options.PublicUrl?.Scheme == Uri.UriSchemeHttps,
        Path = "/console",
        IsEssential = true,
    };
}
