using Countersign.Server.Console.Endpoints;
using Countersign.Server.Console.Sessions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Countersign.Server.Console;

/// <summary>
/// The web console: what waits for review, one page per action, and what happened. Pages are plain HTML with plain
/// forms; the script only fetches them again when something changed. Nothing is ever decided by a GET.
/// </summary>
internal static class ConsoleEndpoints
{
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>
    /// Registers the console. It finds in the container: Gatekeeper, ReviewDesk, RehearsalDesk, RevisionDesk,
    /// RevisionReader, RevealDesk, CardMask, AgentDesk, PasskeyDesk, BreakGlassDesk, IStore, IArchive,
    /// Func&lt;Charter&gt;, Authenticate, SignInWays, TimeProvider and FillRandom.
    /// </summary>
    public static IServiceCollection AddConsole(this IServiceCollection services, ConsoleOptions options) => services
        .AddSingleton(options)
        .AddSingleton<SessionStore>()
        .AddSingleton<OneTimeLinks>()
        .AddSingleton<SignInThrottle>()
        .AddSingleton<Challenges>()
        .AddSingleton<SignInAttempts>()
        .AddSingleton<DoorRules>()
        .AddSingleton<ProviderSignIn>()
        .AddSingleton<SessionCookie>()
        .AddSingleton<SignInDesk>()
        .AddSingleton<FormGuard>()
        .AddSingleton<PageWriter>()
        .AddSingleton<ConsoleDoor>()
        .AddSingleton<ActionLookup>()
        .AddSingleton<PendingIndex>()
        .AddHostedService<PendingWatch>()
        .AddSingleton<SignInEndpoints>()
        .AddSingleton<QueueEndpoints>()
        .AddSingleton<RevisionForms>()
        .AddSingleton<ActionEndpoints>()
        .AddSingleton<RevisionEndpoints>()
        .AddSingleton<ReceiptDownload>()
        .AddSingleton<GlassEndpoints>()
        .AddSingleton<GlassRecord>()
        .AddSingleton<HistoryEndpoints>()
        .AddSingleton<AgentEndpoints>()
        .AddSingleton<PeopleEndpoints>()
        .AddSingleton<PasskeyEndpoints>()
        .AddSingleton<PasskeySignIn>()
        .AddSingleton<SigningEndpoints>()
        .AddSingleton<LedgerPages>()
        .AddSingleton<LiveEvents>();

    public static IEndpointRouteBuilder MapConsole(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var door = services.GetRequiredService<ConsoleDoor>();
        var signIn = services.GetRequiredService<SignInEndpoints>();
        var provider = services.GetRequiredService<ProviderSignIn>();
        var queue = services.GetRequiredService<QueueEndpoints>();
        var action = services.GetRequiredService<ActionEndpoints>();
        var history = services.GetRequiredService<HistoryEndpoints>();
        var agents = services.GetRequiredService<AgentEndpoints>();
        var live = services.GetRequiredService<LiveEvents>();

        Get("/", door.Public(ToQueue));
        Get("/console", door.Page(queue.ShowAsync));
        Get("/console/fragments/queue", door.Live(queue.ShowFragmentAsync));

        Get("/console/actions/{id}", door.Page(action.ShowAsync));
        Get("/console/actions/{id}/exact", door.Page(action.DownloadAsync));
        Get("/console/actions/{id}/receipt", door.Page(services.GetRequiredService<ReceiptDownload>().SendAsync));
        Get("/console/fragments/actions/{id}", door.Live(action.ShowFragmentAsync));
        Post("/console/actions/{id}/votes", door.Form(action.VoteAsync));
        Post("/console/actions/{id}/dry-run", door.Form(action.RehearseAsync));
        Post("/console/actions/{id}/revisions", door.Form(services.GetRequiredService<RevisionEndpoints>().TakeAsync));
        Post("/console/actions/{id}/reveal", door.Form(action.RevealAsync));

        Get("/console/history", door.Page(history.ShowAsync));
        Get("/console/agents", door.Page(agents.ListAsync));
        Get("/console/agents/{agent}", door.Page(agents.ShowAsync));
        Post("/console/agents/{agent}/stop", door.Form(agents.StopAsync));
        Post("/console/agents/{agent}/resume", door.Form(agents.ResumeAsync));
        MapPasskeys(routes, services, door);
        Get("/console/ledger", door.Page(services.GetRequiredService<LedgerPages>().ShowAsync));
        Get("/console/events", door.Live(live.StreamAsync));

        Get("/console/sign-in", door.Public(signIn.ShowFormAsync));
        Post("/console/sign-in", door.PublicForm(signIn.SignInAsync));
        Get(ProviderSignIn.Address, door.Public(provider.LeaveAsync));
        Get(ProviderSignIn.Return, door.Public(provider.ComeBackAsync));
        Get("/console/sign-in/{code}", door.Public(signIn.ShowLinkAsync));
        Post("/console/sign-in/{code}", door.PublicForm((context, _) => signIn.UseLinkAsync(context)));
        Post("/console/sign-out", door.Form((visit, _) => signIn.SignOutAsync(visit)));
        Post("/console/sign-out/everywhere", door.Form((visit, _) => signIn.SignOutEverywhereAsync(visit)));

        Get("/console/verify", door.Public(VerifierPage.SendAsync));
        Get("/console/assets/{name}", door.Public(context => SendAssetAsync(context, action)));

        // Whatever else is asked under this address, a GET of a form's address included, gets the console's own 404.
        routes.Map("/console/{**rest}", door.Public(action.WriteMissingAsync));
        return routes;

        void Get(string pattern, RequestDelegate answer) => routes.MapMethods(pattern, Reading, answer);
        void Post(string pattern, RequestDelegate answer) => routes.MapPost(pattern, answer);
    }

    private static void MapPasskeys(IEndpointRouteBuilder routes, IServiceProvider services, ConsoleDoor door)
    {
        var people = services.GetRequiredService<PeopleEndpoints>();
        var passkeys = services.GetRequiredService<PasskeyEndpoints>();
        var signIn = services.GetRequiredService<PasskeySignIn>();
        var signing = services.GetRequiredService<SigningEndpoints>();

        routes.MapMethods("/console/people", Reading, door.Page(people.ListAsync));
        routes.MapMethods("/console/people/{person}", Reading, door.Page(people.ShowAsync));
        routes.MapPost("/console/people/{person}/code", door.Form(people.VouchAsync));
        routes.MapMethods("/console/passkeys/options", Reading, door.Page(passkeys.WriteOptionsAsync));
        routes.MapPost("/console/passkeys", door.Form(passkeys.EnrolAsync));
        routes.MapPost("/console/passkeys/{entry}/revoke", door.Form(passkeys.RevokeAsync));
        routes.MapMethods("/console/sign-in/options", Reading, door.Public(signIn.WriteOptionsAsync));
        routes.MapPost("/console/passkeys/sign-in", door.PublicForm(signIn.SignInAsync));
        routes.MapPost("/console/passkeys/step-up", door.Form(signIn.StepUpAsync));
        var glass = services.GetRequiredService<GlassEndpoints>();
        routes.MapPost("/console/actions/{id}/break-glass", door.Form(glass.BreakAsync));
        routes.MapMethods("/console/actions/{id}/statement", Reading, door.Page(signing.WriteStatementAsync));
    }

    private static Task ToQueue(HttpContext context)
    {
        context.Response.Redirect("/console");
        return Task.CompletedTask;
    }

    private static async Task SendAssetAsync(HttpContext context, ActionEndpoints missing)
    {
        if (!ConsoleAsset.All.TryGetValue(context.Request.RouteValues["name"] as string ?? "", out var asset))
        {
            await missing.WriteMissingAsync(context);
            return;
        }

        context.Response.ContentType = asset.ContentType;
        context.Response.ContentLength = asset.Bytes.Length;
        context.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
        await context.Response.BodyWriter.WriteAsync(asset.Bytes, context.RequestAborted);
    }
}
