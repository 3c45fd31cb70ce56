using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Server.Console.Endpoints;
using Countersign.Server.Console.Pages;
using Countersign.Server.Console.Views;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console.Sessions;

/// <summary>Begins and ends a browser's session, and says so to the browser.</summary>
internal sealed class SessionCookie(
    SessionStore sessions, ConsoleOptions options, PageWriter pages, ILogger<SessionCookie> logger)
{
    /// <summary>Signs a person in and shows the action they came for, or the queue.</summary>
    public void Enter(HttpContext context, Voter voter, string? after)
    {
        Begin(context, voter, proxied: null);
        Redirect(context, AddressOf(after));
    }

    /// <summary>
    /// The same for a browser that another site sent: with the cookie, which is SameSite=Strict, it comes only when a
    /// page of ours sends it on.
    /// </summary>
    public Task ArriveAsync(HttpContext context, Voter voter, string? after)
    {
        Begin(context, voter, proxied: null);
        return pages.WritePageAsync<ArrivalPage>(
            context, 200, new FrameView("Opening", Person: null), AddressOf(after));
    }

    /// <summary>Signs in whom the proxy names, for as long as it names them.</summary>
    public Task ArriveAsync(HttpContext context, (Voter Voter, Subject Proxied) who, string? after)
    {
        Begin(context, who.Voter, who.Proxied);
        return pages.WritePageAsync<ArrivalPage>(
            context, 200, new FrameView("Opening", Person: null), AddressOf(after));
    }

    private void Begin(HttpContext context, Voter voter, Subject? proxied)
    {
        // The cookie a browser came with never becomes the cookie of a signed-in person.
        sessions.End(ConsoleDoor.CookieOf(context));
        context.Response.Cookies.Append(
            ConsoleDoor.CookieName, sessions.Start(voter, proxied), CookieFor(context));
        Log.SignedIn(logger, voter.Person, voter.Assurance);
    }

    private static string AddressOf(string? after) =>
        ActionId.TryParse(after, out var id) ? $"/console/actions/{id}" : "/console";

    /// <summary>The same person again, proven by a passkey: another cookie, and a stronger session.</summary>
    public void StepUp(Visit visit, string page)
    {
        Begin(visit.Context, new Voter(visit.Person.Id, Assurance.Session), visit.Session.Proxied);
        Redirect(visit.Context, page);
    }

    public void Leave(Visit visit)
    {
        sessions.End(ConsoleDoor.CookieOf(visit.Context));
        visit.Context.Response.Cookies.Delete(ConsoleDoor.CookieName, CookieFor(visit.Context));
        Log.SignedOut(logger, visit.Person.Id);
        Redirect(visit.Context, SignInEndpoints.AddressAfterLeaving);
    }

    /// <summary>Ends every session of the person, this one included.</summary>
    public void LeaveEverywhere(Visit visit)
    {
        sessions.EndOthers(visit.Person.Id, cookie: null);
        Leave(visit);
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
