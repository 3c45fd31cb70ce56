using Countersign.EndToEnd.Support;
using Microsoft.Playwright;

namespace Countersign.EndToEnd.Accessibility;

/// <summary>The card of an action: what waits, what ended, and the emergency.</summary>
internal static partial class ConsoleStates
{
    private const string Card = "GET /console/actions/{id}";
    private const string Change = "POST /console/actions/{id}/revisions";

    private static string LongArguments =>
        $$"""{"id":"long","text":"{{string.Concat(Enumerable.Repeat("a line of text, ", 100))}}"}""";

    private static IEnumerable<ConsoleState> Cards =>
    [
        new("action", Card, "text=Approve exactly this",
            scene => scene.AskAndGoAsync("restart_service", """{"id":"plain","force":true}""", "It hangs.")),
        new("action, everything unfolded", Card, "blockquote.said", async scene =>
        {
            await scene.UnfoldAsync("The agent says");
            await scene.UnfoldAsync("Facts the rules read");
        }),
        new("action, form to change it", Card, "textarea#revise-json", scene => scene.UnfoldAsync("Change it…")),
        new("change, refused", Change, ".notice-refused:has-text('Not recorded.')", async scene =>
        {
            await scene.Page.Locator("#revise-json").FillAsync("no JSON");
            await scene.PressAsync("Compare with what was asked");
        }),
        new("change, compared", Change, "pre.diff del", async scene =>
        {
            await scene.Page.Locator("#revise-json").FillAsync("""{"id":"plain"}""");
            await scene.PressAsync("Compare with what was asked");
        }),
        new("action, changed since you looked", Card, "#changed", async scene =>
        {
            await scene.GoToActionAsync();
            await scene.Page.Locator("[data-live=on]").WaitForAsync();
            await scene.ReviseAsync("""{"id":"plain"}""");
        }),
        new("action, comparison of its revisions", Card, "pre.diff del", scene => scene.GoToActionAsync()),
        new("action, sign-in too weak", Card, "text=which counts as 'token'",
            scene => scene.AskAndGoAsync("delete_backup", """{"id":"weak"}""")),
        new("action, cannot be undone", Card, "dd:has-text('48,112')", scene => scene.GoToActionAsync()),
        new("action, one approval of two", Card, ".vote-approve", async scene =>
        {
            await scene.AskAndGoAsync("move_money", """{"cents":125000}""");
            await scene.PressAsync("Approve exactly this");
        }),
        new("action, misleading text", Card, ".findings li",
            scene => scene.AskAndGoAsync("restart_service", "{\"id\":\"a\u202Eb\"}")),
        new("action, long arguments", Card, "mark.cut", scene => scene.AskAndGoAsync("restart_service", LongArguments)),
        new("action, masked values", Card, ".hidden-values", scene => scene.AskAndGoAsync(
            "restart_service", $$"""{"id":"masked","pin":"{{ConsoleScene.Pin}}"}""")),
        new("action, form to reveal", Card, "text=Show the values to me", scene => scene.UnfoldAsync("Reveal…")),
        new("action, revealed", "POST /console/actions/{id}/reveal", $"pre.exact:has-text('{ConsoleScene.Pin}')",
            async scene =>
            {
                await scene.Page.Locator("#reveal-reason").FillAsync("Is it the right one?");
                await scene.PressAsync("Show the values to me");
            }),
        new("canonical bytes, masked", "GET /console/actions/{id}/exact", "h1:text('Values are hidden')",
            scene => scene.GoAsync($"/console/actions/{scene.Action}/exact")),
        new("action, statement", Card, "button:text('Dry run')",
            scene => scene.AskStatementAsync("DELETE FROM orders WHERE id < 4")),
        new("action, form to change a statement", Card, "textarea#revise-statement",
            scene => scene.UnfoldAsync("Change it…")),
        new("action, dry run", Card, "[data-part=dry-run] dd", scene => scene.PressAsync("Dry run")),
        new("action, dry run that fails", Card, "[data-part=dry-run] dd", async scene =>
        {
            await scene.AskStatementAsync("UPDATE orders SET total = total / (id - 1)");
            await scene.PressAsync("Dry run");
        }),
    ];

    private static IEnumerable<ConsoleState> Ends =>
    [
        new("action, approved", Card, ".state-approved", async scene =>
        {
            await scene.AskAsync("restart_service", """{"id":"permit"}""", target: "sdk");
            await scene.VoteAsync("BOB", "approve");
            await scene.GoToActionAsync();
        }),
        new("action, executing", Card, ".state-executing", async scene =>
        {
            await scene.ClaimAsync();
            await scene.GoToActionAsync();
        }),
        new("action, succeeded", Card, ".outcome-succeeded", scene => DecideAsync(scene, "works", "approve")),
        new("action, failed", Card, ".outcome-failed", scene => DecideAsync(scene, "fails", "approve")),
        new("action, outcome unknown", Card, ".outcome-unknown", scene => DecideAsync(scene, "vanishes", "approve")),
        new("action, denied", Card, ".state-denied", scene => DecideAsync(scene, "denied", "deny")),
        new("action, expired", Card, ".state-expired", async scene =>
        {
            await scene.AskAsync("rotate_key", """{"id":"late"}""");
            await scene.EndAndGoAsync();
        }),
        new("action, withdrawn", Card, ".state-withdrawn", async scene =>
        {
            await scene.AskAsync("restart_service", """{"id":"withdrawn"}""");
            await scene.Bench.Agent.WithdrawAsync(scene.Action, TestContext.Current.CancellationToken);
            await scene.GoToActionAsync();
        }),
        new("action, refused by policy", Card, ".state-refused",
            scene => scene.AskAndGoAsync("drop_table", """{"id":"refused"}""")),
    ];

    /// <summary>Alice has a passkey by now, and no one stands behind her.</summary>
    private static IEnumerable<ConsoleState> Glass =>
    [
        new("action, form to break the glass", Card, "text=Break the glass with my passkey", async scene =>
        {
            await scene.AskAndGoAsync("move_money", """{"cents":1}""");
            await scene.UnfoldAsync("break the glass…");
        }),
        new("action, glass not broken", Card, ".notice-refused:has-text('Not recorded.')",
            scene => scene.BreakGlassAsync("AAAA", "BBBB")),
        new("action, glass broken", Card, "text=The glass is broken", async scene =>
        {
            await scene.UnfoldAsync("break the glass…");
            await scene.BreakGlassAsync(await scene.SealAsync("carol"), await scene.SealAsync("bob"));
        }),
        new("reviews, glass was broken", "GET /console", "text=Break-glass.", scene => scene.GoAsync("/console")),
        new("action, review of broken glass", Card, "h1", async scene =>
        {
            await scene.Page.Locator("[data-review]").Filter(new() { HasText = "break" }).First.ClickAsync();
        }),
    ];

    private static async Task DecideAsync(ConsoleScene scene, string id, string decision)
    {
        await scene.AskAsync("restart_service", $$"""{"id":"{{id}}"}""");
        await scene.VoteAsync("BOB", decision);
        await scene.EndAndGoAsync();
    }
}
