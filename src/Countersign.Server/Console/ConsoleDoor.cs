using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Server.Console.Pages;
using Countersign.Server.Console.Sessions;
using Countersign.Server.Console.Views;
using Countersign.Server.SignIn;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console;

/// <summary>
/// What stands before every page: the headers, the session, the check of forms, and an answer when something fails. A
/// handler behind it runs only for a person who is registered at this moment.
/// </summary>
internal sealed class ConsoleDoor(
    SessionStore sessions, FormGuard forms, PageWriter pages, DoorRules rules, ILogger<ConsoleDoor> logger)
{
    public const string CookieName = "countersign_session";

    /// <summary>In the address of a page that was reached by a link from elsewhere and fetched once more.</summary>
    private const string ArrivedMark = "arrived";

    /// <summary>A page that anybody may see.</summary>
    public RequestDelegate Public(Func<HttpContext, Task> answer) =>
        context => GuardAsync(context, () => answer(context));

    /// <summary>A page for signed-in persons; everybody else is sent to sign in.</summary>
    public RequestDelegate Page(Func<Visit, Task> answer) => context => GuardAsync(
        context,
        () => Find(context, touches: true) is { } visit ? answer(visit) : AskToSignInAsync(context));

    /// <summary>What a page fetches by itself: it keeps no session alive.</summary>
    public RequestDelegate Live(Func<Visit, Task> answer) => context => GuardAsync(
        context,
        () => Find(context, touches: false) is { } visit ? answer(visit) : RefuseLive(context));

    /// <summary>A form of somebody who is not signed in yet.</summary>
    public RequestDelegate PublicForm(Func<HttpContext, IFormCollection, Task> answer) => context => GuardAsync(
        context,
        async () =>
        {
            if (await ReadFormAsync(context) is { } form)
            {
                await answer(context, form);
            }
        });

    /// <summary>A form of a signed-in person, sent from a page of this very session.</summary>
    public RequestDelegate Form(Func<Visit, IFormCollection, Task> answer) => context => GuardAsync(
        context,
        async () =>
        {
            if (Find(context, touches: true) is not { } visit)
            {
                await AskToSignInAsync(context);
            }
            else if (await ReadFormAsync(context) is { } form)
            {
                await (FormGuard.HasToken(visit.Session, form) ? answer(visit, form) : RefuseForgeryAsync(context));
            }
        });

    public static string? CookieOf(HttpContext context) => context.Request.Cookies[CookieName];

    private Visit? Find(HttpContext context, bool touches)
    {
        if (!sessions.TryFind(CookieOf(context), touches, out var session))
        {
            return null;
        }

        // The proxy says with every request who it is of: a cookie in somebody else's browser is worth nothing.
        if (session.Proxied is { } proxied && rules.Ways.Proxy?.Read(context.Request) != proxied)
        {
            sessions.End(CookieOf(context));
            return null;
        }

        // Whoever left the configuration is out at once, whatever their cookie says.
        var today = rules.Charter();
        var person = today.People.Find(session.Voter.Person);
        return person is null ? null : new Visit(context, session, person, today);
    }

    private async Task GuardAsync(HttpContext context, Func<Task> answer)
    {
        PageHeaders.Set(context.Response);
        try
        {
            await answer();
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be answered.
        }
        catch (StoreUnavailableException unavailable) when (!context.Response.HasStarted)
        {
            var text = $"{unavailable.Message} Reload this page in a moment to see where things stand.";
            await pages.WriteMessageAsync(context, 503, "Unavailable", text);
        }
        catch (Exception failure) when (!context.Response.HasStarted)
        {
            Log.Failed(logger, failure, PathOf(context));
            const string Text = "The server's log says why. Open the page again to see where things stand.";
            await pages.WriteMessageAsync(context, 500, "Something broke", Text);
        }
    }

    private async Task<IFormCollection?> ReadFormAsync(HttpContext context)
    {
        if (!forms.IsFromHere(context.Request))
        {
            await RefuseForgeryAsync(context);
            return null;
        }

        if (await FormGuard.ReadAsync(context.Request, context.RequestAborted) is { } form)
        {
            return form;
        }

        await pages.WriteMessageAsync(
            context, 400, "Unreadable form", "The form is malformed or too large. Go back and send a shorter comment.");
        return null;
    }

    private Task RefuseForgeryAsync(HttpContext context)
    {
        Log.ForgedForm(logger, PathOf(context));
        return pages.WriteMessageAsync(
            context,
            403,
            "Form refused",
            "This form does not come from a page of your present session, so nothing was done. Open the page again " +
            "and send it from there.");
    }

    /// <summary>
    /// A link from elsewhere arrives without the cookie, because it is SameSite=Strict: the page fetches itself once
    /// more before it concludes that nobody is signed in.
    /// </summary>
    private Task AskToSignInAsync(HttpContext context)
    {
        var request = context.Request;
        if (HttpMethods.IsGet(request.Method)
            && request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site"
            && !request.Query.ContainsKey(ArrivedMark))
        {
            var address = request.Path.ToUriComponent() + QueryString.Create(ArrivedMark, "1");
            return pages.WritePageAsync<ArrivalPage>(context, 200, new FrameView("Opening", Person: null), address);
        }

        var after = ActionId.TryParse(request.RouteValues["id"] as string, out var id) ? $"?action={id}" : "";
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = "/console/sign-in" + after;
        return Task.CompletedTask;
    }

    private static Task RefuseLive(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return Task.CompletedTask;
    }

    private static string PathOf(HttpContext context) => DisplayText.OneLine(context.Request.Path.Value).Text;
}

/// <summary>What decides whether a session still counts.</summary>
internal sealed record DoorRules(Func<Charter> Charter, SignInWays Ways);
