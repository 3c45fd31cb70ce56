using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Gates.Access;
using Countersign.Server.Console.Pages;
using Countersign.Server.Console.Sessions;
using Countersign.Server.Console.Views;
using Countersign.Server.SignIn;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console.Endpoints;

/// <summary>
/// Signing in and out. A token gives a session of assurance <c>token</c>; a one-time link of the demo gives one of
/// assurance <c>session</c>, and only when its button is pressed.
/// </summary>
internal sealed class SignInEndpoints(
    SignInDesk desk,
    OneTimeLinks links,
    SessionCookie cookie,
    PageWriter pages,
    ConsoleOptions options,
    ILogger<SignInEndpoints> logger)
{
    /// <summary>Where whoever signed out is sent: there the proxy's word signs nobody in again by itself.</summary>
    public const string AddressAfterLeaving = "/console/sign-in?left=1";

    private const int MaxToken = 4096;

    /// <summary>
    /// The form; or none, when the proxy in front has signed the person in already. What it says counts only together
    /// with its secret, so no page of somebody else can bring this about for another person than the proxy's.
    /// </summary>
    public Task ShowFormAsync(HttpContext context)
    {
        var after = context.Request.Query["action"].ToString();
        if (desk.Ways.Proxy?.Read(context.Request) is not { } subject || context.Request.Query.ContainsKey("left"))
        {
            return WriteFormAsync(context, 200, problem: null, after);
        }

        return desk.Ways.FindPerson(subject) is { } person && desk.Charter().People.Find(person) is not null
            ? cookie.ArriveAsync(context, (new Voter(person, Assurance.Session), subject), after)
            : RefuseAsync(
                context,
                403,
                $"The proxy in front knows you as '{subject.Name}', and nobody here has that account. Give this name " +
                "to an admin: it goes into the configuration under your 'accounts', as 'proxy'.",
                after);
    }

    public async Task SignInAsync(HttpContext context, IFormCollection form)
    {
        var after = form["action"].ToString();
        var token = form["token"].ToString().Trim();
        if (!desk.Throttle.TryEnter(context.Connection.RemoteIpAddress))
        {
            await RefuseAsync(context, 429, "Too many attempts from your address. Wait a minute.", after);
            return;
        }

        if (!options.TakesTokens)
        {
            await RefuseAsync(context, 403, "Tokens do not sign in to this console.", after);
            return;
        }

        switch (token.Length is 0 or > MaxToken
            ? null
            : await desk.Authenticate(Presented.ByToken(token), context.RequestAborted))
        {
            case Caller.OfPerson { Voter: var voter } when desk.Charter().People.Find(voter.Person) is not null:
                cookie.Enter(context, new Voter(voter.Person, Assurance.Token), after);
                break;
            case Caller.OfAgent:
                await RefuseAsync(context, 403, "This is an agent's token; only people sign in here.", after);
                break;
            default:
                await RefuseAsync(context, 401, "No person has this token. Check that you copied all of it.", after);
                break;
        }
    }

    public Task ShowLinkAsync(HttpContext context) =>
        options.AcceptsOneTimeLinks
        && links.Peek(CodeOf(context)) is { } id
        && desk.Charter().People.Find(id) is { } person
            ? pages.WritePageAsync<LinkPage>(
                context, 200, new FrameView("Sign in", Person: null), new LinkView(CodeOf(context), Words.Of(person)))
            : RefuseLinkAsync(context);

    public Task UseLinkAsync(HttpContext context)
    {
        if (!options.AcceptsOneTimeLinks
            || !desk.Throttle.TryEnter(context.Connection.RemoteIpAddress)
            || links.Consume(CodeOf(context)) is not { } id
            || desk.Charter().People.Find(id) is not { } person)
        {
            return RefuseLinkAsync(context);
        }

        cookie.Enter(context, new Voter(person.Id, Assurance.Session), after: null);
        return Task.CompletedTask;
    }

    public Task SignOutEverywhereAsync(Visit visit)
    {
        cookie.LeaveEverywhere(visit);
        return Task.CompletedTask;
    }

    public Task SignOutAsync(Visit visit)
    {
        cookie.Leave(visit);
        return Task.CompletedTask;
    }

    /// <summary>Shows the form again, with what was wrong.</summary>
    public Task RefuseAsync(HttpContext context, int status, string problem, string? after)
    {
        Log.SignInRefused(logger, context.Connection.RemoteIpAddress, problem);
        return WriteFormAsync(context, status, problem, after);
    }

    private Task RefuseLinkAsync(HttpContext context)
    {
        Log.SignInRefused(logger, context.Connection.RemoteIpAddress, "the one-time link is unknown, used or expired");
        return pages.WriteMessageAsync(
            context,
            404,
            "This link does not work",
            "It is unknown, expired, or was used before: each works once. Ask for a new one where you got it, or " +
            "sign in with your token.");
    }

    private Task WriteFormAsync(HttpContext context, int status, string? problem, string? after)
    {
        var action = ActionId.TryParse(after, out var id) ? id.Value : null;
        return pages.WritePageAsync<SignInPage>(
            context,
            status,
            new FrameView("Sign in", Person: null),
            new SignInView(problem, action, desk.Passkeys.Party?.Origins[0])
            {
                Provider = desk.Ways.Provider?.Options.Name,
                TakesTokens = options.TakesTokens,
            });
    }

    private static string CodeOf(HttpContext context) => context.Request.RouteValues["code"] as string ?? "";
}

/// <summary>What signing in rests upon.</summary>
internal sealed record SignInDesk(
    Authenticate Authenticate,
    Func<Charter> Charter,
    PasskeyDesk Passkeys,
    SignInThrottle Throttle,
    SignInWays Ways);
