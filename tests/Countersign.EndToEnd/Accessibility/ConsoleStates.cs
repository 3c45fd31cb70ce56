using Countersign.EndToEnd.Support;
using Microsoft.Playwright;

namespace Countersign.EndToEnd.Accessibility;

/// <summary>
/// Every page of the console in every state, in the order in which one walk reaches them. The reference lists the
/// same names and routes in <c>docs/reference/accessibility.md</c>.
/// </summary>
internal static partial class ConsoleStates
{
    public static IReadOnlyList<ConsoleState> All { get; } =
        [.. Outside, .. Empty, .. Cards, .. Ends, .. Passkeys, .. Glass, .. Accounts, .. Lists, .. Troubles];

    /// <summary>What anybody sees.</summary>
    private static IEnumerable<ConsoleState> Outside =>
    [
        new("sign-in", "GET /console/sign-in", "text=Your token", scene => scene.GoAsync("/console/sign-in")),
        new("sign-in, refused", "POST /console/sign-in", "text=Not signed in.", async scene =>
        {
            await scene.Page.GetByLabel("Your token").FillAsync("nobody's");
            await scene.Page.GetByLabel("Your token").PressAsync("Enter");
        }),
        new("sign-in, refused on the way back from the provider", "GET /console/sign-in/callback",
            "text=was not begun in this browser", scene => scene.GoAsync("/console/sign-in/callback?state=x&code=y")),
        new("sign-in, between the provider and the reviews", "GET /console/sign-in/callback", "h1:text('Opening')",
            scene => scene.ArriveAsync()),
        new("sign-in, link of the demo", "GET /console/sign-in/{code}", "text=Continue as",
            scene => scene.OpenDemoAsync()),
        new("verify, empty", "GET /console/verify", "text=Which log you trust", async scene =>
        {
            scene.ReturnToAlice();
            await scene.GoAsync("/console/verify");
        }),
    ];

    /// <summary>Signed in by token, before anything was asked.</summary>
    private static IEnumerable<ConsoleState> Empty =>
    [
        new("reviews, none", "GET /console", "text=No reviews are waiting", scene => scene.SignInAsync()),
        new("reviews, keys", "GET /console", "dialog#keys", scene => scene.Page.Keyboard.PressAsync("?")),
        new("history, empty", "GET /console/history", "text=Nothing ended here",
            scene => scene.GoAsync("/console/history")),
        new("accounts, sign-in too weak", "GET /console/accounts", "text=asks for 'session'",
            scene => scene.GoAsync("/console/accounts")),
        new("missing page", "GET /console/{**rest}", "h1:text('Not found')",
            scene => scene.GoAsync("/console/nowhere")),
        new("missing action", "GET /console/actions/{id}", "h1:text('Not found')",
            scene => scene.GoAsync("/console/actions/act_nowhere")),
    ];

    /// <summary>Who has which passkeys, and signs with them.</summary>
    private static IEnumerable<ConsoleState> Passkeys =>
    [
        new("person, own without a passkey", "GET /console/people/{person}", "text=Code of somebody",
            scene => scene.GoAsync("/console/people/alice")),
        new("person, passkey enrolled", "GET /console/people/{person}", "text=The passkey is enrolled.",
            scene => scene.EnrolAsync()),
        new("person, sign-in to confirm", "GET /console/people/{person}", "text=Confirm with a passkey",
            scene => scene.GoAsync("/console/people/alice")),
        new("action, to be signed", Card, "text=Approve and sign with passkey",
            scene => scene.AskAndGoAsync("delete_backup", """{"id":"signed"}""")),
        new("action, signed", Card, ".votes .tag:text('signed')", async scene =>
        {
            await scene.PressAsync("Approve and sign with passkey");
            await Assertions.Expect(scene.Page.Locator(".notice-recorded")).ToBeVisibleAsync();
        }),
        new("person, vouching not possible", "GET /console/people/{person}", "section .whynot",
            scene => scene.GoAsync("/console/people/bob")),
        new("person, sign-in confirmed", "GET /console/people/{person}", "text=signed in with a session", async scene =>
        {
            await scene.GoAsync("/console/people/alice");
            await scene.PressAsync("Confirm with a passkey");
        }),
        new("person, revoking a passkey", "GET /console/people/{person}", "text=Revoke Laptop",
            scene => scene.UnfoldAsync("Revoke…")),
        new("action, name to be typed", Card, "#confirm",
            scene => scene.AskAndGoAsync("delete_backup", """{"id":"typed"}""")),
        new("person, vouching", "GET /console/people/{person}", "text=Vouch for Bob",
            scene => scene.GoAsync("/console/people/bob")),
        new("person, vouched for", "POST /console/people/{person}/code", "pre[aria-label='Enrolment code']",
            scene => scene.PressOneAsync("Vouch for")),
    ];

    /// <summary>Accounts in chats; the walk began them with a token, which makes no codes.</summary>
    private static IEnumerable<ConsoleState> Accounts =>
    [
        new("accounts", "GET /console/accounts", "text=given by the configuration",
            scene => scene.GoAsync("/console/accounts")),
        new("accounts, code made", "POST /console/accounts/code", "text=Your code is",
            scene => scene.PressAsync("Make a code")),
        new("accounts, linked", "GET /console/accounts", "text=linked by you", async scene =>
        {
            await scene.LinkAsync();
            await scene.GoAsync("/console/accounts");
        }),
        new("accounts, unlinked", "GET /console/accounts", "text=does not stand for you any more",
            scene => scene.PressOneAsync("Unlink")),
    ];

    /// <summary>Lists, and what stands in them once there is something.</summary>
    private static IEnumerable<ConsoleState> Lists =>
    [
        new("reviews", "GET /console", "[data-review] .tag-warns", async scene =>
        {
            await scene.AskAsync("delete_backup", """{"id":"waiting"}""");
            await scene.GoAsync("/console");
        }),
        new("reviews, filter finds nothing", "GET /console", "text=No waiting review says that",
            scene => scene.GoAsync("/console?find=nothing-like-it")),
        new("history", "GET /console/history", ".state-denied", scene => scene.GoAsync("/console/history")),
        new("history, filtered", "GET /console/history", "text=Show all",
            scene => scene.GoAsync("/console/history?state=denied&target=ops")),
        new("agents", "GET /console/agents", "text=Active", scene => scene.GoAsync("/console/agents")),
        new("agent", "GET /console/agents/{agent}", "text=Stop team-bot now",
            scene => scene.GoAsync("/console/agents/team-bot")),
        new("agent, stopped", "GET /console/agents/{agent}", "text=Agree that it goes on", async scene =>
        {
            await scene.Page.GetByLabel("Why").FillAsync("It runs wild.");
            await scene.PressAsync("Stop team-bot now");
        }),
        new("agents, one stopped", "GET /console/agents", ".state-denied:text('Stopped')",
            scene => scene.GoAsync("/console/agents")),
        new("people", "GET /console/people", "text=1 passkey", scene => scene.GoAsync("/console/people")),
        new("ledger", "GET /console/ledger", "table.entries", scene => scene.GoAsync("/console/ledger")),
        new("ledger, checkpoint", "GET /console/ledger", "pre[aria-label='Signed checkpoint']",
            scene => scene.UnfoldAsync("The signed checkpoint")),
        new("verify, sound", "GET /console/verify", "#verdict:has-text('Verified.')",
            scene => scene.VerifyAsync(isForged: false)),
        new("verify, forged", "GET /console/verify", "#verdict:has-text('NOT verified.')",
            scene => scene.VerifyAsync(isForged: true)),
    ];

    /// <summary>What is said when something is away.</summary>
    private static IEnumerable<ConsoleState> Troubles =>
    [
        new("reviews, not live", "GET /console", "[data-live]:has-text('Reconnecting…')", async scene =>
        {
            await scene.Page.RouteAsync("**/console/events*", route => route.AbortAsync());
            await scene.GoAsync("/console");
        }),
        new("reviews, a channel is degraded", "GET /console", "text=Channel slack is degraded.", async scene =>
        {
            await scene.Page.UnrouteAllAsync();
            scene.Slack.IsAway = true;
            await scene.AskAsync("restart_service", """{"id":"away"}""");
            await scene.UntilDegradedAsync();
            await scene.GoAsync("/console");
        }),
        new("reviews, session over", "GET /console", "[data-live]:has-text('Signed out')", async scene =>
        {
            await scene.Page.Locator("[data-live=on]").WaitForAsync();
            await scene.Page.Context.ClearCookiesAsync();
            await scene.AskAsync("restart_service", """{"id":"unseen"}""");
        }),
        new("reviews, more than a page", "GET /console", "a:text('Next page')", async scene =>
        {
            await scene.AskOftenAsync("restart_service");
            await scene.SignInAsync();
            await scene.GoAsync("/console");
        }),
        new("reviews, next page", "GET /console", "a:text('First page')",
            scene => scene.Page.GetByText("Next page").ClickAsync()),
        new("reviews, page that emptied", "GET /console", "text=Nothing waits on this page any more",
            scene => scene.DenyListedAsync()),
        new("history, more than a page", "GET /console/history", "a:text('Older actions')", async scene =>
        {
            await scene.AskOftenAsync("drop_table");
            await scene.GoAsync("/console/history");
        }),
        new("history, older", "GET /console/history", ".row",
            scene => scene.Page.GetByText("Older actions").ClickAsync()),
        new("ledger, more than a page", "GET /console/ledger", "a:text('Older entries')",
            scene => scene.GoAsync("/console/ledger")),
        new("ledger, older", "GET /console/ledger", "table.entries",
            scene => scene.Page.GetByText("Older entries").ClickAsync()),
        new("agents, nobody to stop", "GET /console/agents", "text=There is no agent that you may stop", async scene =>
        {
            await scene.SignInGuestAsync();
            await scene.GoAsync("/console/agents");
        }),
        new("action, not for you", Card, ".whynot",
            scene => scene.AskAndGoAsync("restart_service", """{"id":"others"}""")),
        new("action, superseded", Card, ".state-superseded", async scene =>
        {
            scene.ReturnToAlice();
            await scene.ForbidAsync();
        }),
    ];
}
