using System.Text.Json.Nodes;
using Countersign.Core.Actions;

namespace Countersign.Tests.Channels.Teams;

/// <summary>Changing what an agent asks for, in a card of Teams.</summary>
public sealed class TeamsModifyTests : IAsyncLifetime
{
    private const string ForTest = """{"table":"test"}""";

    private TeamsHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await TeamsHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Arguments_are_changed_in_a_form_and_somebody_else_approves_them()
    {
        var asked = await _host.AskShownAsync();

        var form = (await _host.PressAsync("bob", "modify")).Card;
        Assert.Contains("\"orders\"", InputOf(form, "json"), StringComparison.Ordinal);
        var broken = (await SendAsync(form, "{")).Card;
        Assert.Contains("not JSON", TeamsHost.TextOf(broken), StringComparison.Ordinal);
        var compared = (await SendAsync(broken, ForTest)).Card;
        Assert.Contains("-···\"table\": \"orders\"", TeamsHost.TextOf(compared), StringComparison.Ordinal);
        Assert.Contains("+···\"table\": \"test\"", TeamsHost.TextOf(compared), StringComparison.Ordinal);
        Assert.Equal(1, (await _host.FindAsync(asked)).Life.Revision);
        var saved = (await SendAsync(compared, ForTest)).Card;
        Assert.Contains("Your change is recorded.", TeamsHost.TextOf(saved), StringComparison.Ordinal);
        await _host.DeliverAsync();
        Assert.Contains(
            "You stand behind this request",
            (await _host.PressAsync("bob", "approve")).Said,
            StringComparison.Ordinal);
        await _host.PressAsync("carol", "approve");

        var ended = await _host.EndOfAsync(asked);
        Assert.Equal((ActionState.Succeeded, ForTest), (ended.State, ended.Action.Arguments.ToString()));
        Assert.Equal("Only the test table.", Assert.Single(ended.Changes).Comment);
    }

    [Fact]
    public async Task What_is_sent_is_what_was_compared_and_otherwise_compared_anew()
    {
        var asked = await _host.AskShownAsync();
        var compared = (await SendAsync((await _host.PressAsync("bob", "modify")).Card, ForTest)).Card;

        var again = (await SendAsync(compared, """{"table":"customers"}""")).Card;

        Assert.Contains("\"customers\"", TeamsHost.TextOf(again), StringComparison.Ordinal);
        Assert.Equal(1, (await _host.FindAsync(asked)).Life.Revision);
        await SendAsync(again, """{"table":"customers"}""");
        Assert.Equal("""{"table":"customers"}""", (await _host.FindAsync(asked)).Action.Arguments.ToString());
    }

    [Fact]
    public async Task A_comparison_goes_with_the_request_that_it_was_made_for()
    {
        var asked = await _host.AskShownAsync();
        var compared = (await SendAsync((await _host.PressAsync("bob", "modify")).Card, ForTest)).Card;
        await SendAsync(compared, ForTest);

        var late = await _host.PressAsync("carol", compared, "modify", ("json", ForTest));

        Assert.Contains("Nothing was recorded.", TeamsHost.TextOf(late.Card), StringComparison.Ordinal);
        Assert.Equal(2, (await _host.FindAsync(asked)).Life.Revision);
    }

    [Fact]
    public async Task A_form_that_changes_nothing_says_so()
    {
        await _host.AskShownAsync();

        var sent = await SendAsync((await _host.PressAsync("bob", "modify")).Card, """{ "table": "orders" }""");

        Assert.Contains("Nothing was changed.", TeamsHost.TextOf(sent.Card), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("alice")]
    [InlineData("dora")]
    public async Task Who_may_not_change_it_gets_no_form(string name)
    {
        await _host.AskShownAsync();

        Assert.Contains("may change it", (await _host.PressAsync(name, "modify")).Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_no_form_holds_is_changed_in_the_console()
    {
        var text = string.Concat(Enumerable.Repeat("0123456789 ", 370));
        await _host.AskShownAsync($$"""{"text":"{{text}}"}""");

        var modify = TeamsHost.ActionsOf(_host.Card).Single(action => (string)action["verb"]! == "modify");

        Assert.Equal("Action.OpenUrl", (string)modify["type"]!);
    }

    private static string InputOf(JsonObject card, string id) =>
        (string)card["body"]!.AsArray().Single(element => (string?)element!["id"] == id)!["value"]!;

    private Task<TeamsReception> SendAsync(JsonObject form, string json) => _host.PressAsync(
        "bob", form, "modify", ("json", json), ("comment", "Only the test table."));
}
