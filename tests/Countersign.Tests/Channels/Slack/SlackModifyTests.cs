using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Storage;

namespace Countersign.Tests.Channels.Slack;

/// <summary>Changing what an agent asks for, in Slack's own form.</summary>
public sealed class SlackModifyTests : IAsyncLifetime
{
    private SlackHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await SlackHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Arguments_are_changed_in_a_form_and_somebody_else_approves_them()
    {
        var asked = await _host.AskShownAsync();

        await _host.PressAsync("U0BOB", "modify");
        var shown = _host.Slack.View!["blocks"]!.AsArray().Select(block => block!["element"]!["initial_value"]);
        Assert.Contains("\"orders\"", shown.First()!.GetValue<string>(), StringComparison.Ordinal);
        var broken = await _host.SendAsync(_host.Slack.Submit("U0BOB", ("json", "{")));
        Assert.Contains("not JSON", broken.Body, StringComparison.Ordinal);
        await SendAsync("{\"table\":\"test\"}");
        Assert.Contains("-   \"table\": \"orders\"\n+   \"table\": \"test\"", ViewText, StringComparison.Ordinal);
        Assert.Equal(1, (await _host.FindAsync(asked)).Life.Revision);
        var saved = await SendAsync("{\"table\":\"test\"}");
        Assert.Equal((HttpStatusCode.OK, ""), (saved.Status, saved.Body));
        await _host.DeliverAsync();
        await _host.PressAsync("U0BOB", "approve");
        Assert.Contains("You stand behind this request", await ReplyAsync(), StringComparison.Ordinal);
        await _host.PressAsync("U0CAROL", "approve");

        var ended = await _host.EndOfAsync(asked);
        Assert.Equal((ActionState.Succeeded, "{\"table\":\"test\"}"), (ended.State, ended.Action.Arguments.ToString()));
        Assert.Equal("Only the test table.", Assert.Single(ended.Changes).Comment);
    }

    [Fact]
    [Trait("Threat", "THR-008"), Trait("CWE", "287")]
    public async Task No_form_with_arguments_opens_in_a_channel_that_strangers_read()
    {
        var asked = await _host.AskShownAsync();
        _host.Slack.ChannelInfo = new JsonObject { ["is_ext_shared"] = true };
        _host.Time.Advance(TimeSpan.FromMinutes(2));

        await _host.PressAsync("U0BOB", "modify");

        Assert.Contains("is shared with another", await ReplyAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain(_host.Slack.Calls, call => call.Method == "views.open");
        Assert.Equal(1, (await _host.FindAsync(asked)).Life.Revision);
    }

    [Fact]
    public async Task Arguments_that_the_tool_describes_otherwise_are_told_in_the_form()
    {
        const string Described =
            """{"inputSchema":{"properties":{"table":{"enum":["orders","test"]}}},"name":"drop_table"}""";
        var asked = await _host.AskShownAsync();
        await _host.Console.Store.CommitAsync(
            new Change
            {
                Definitions =
                [
                    new DefinitionRow(asked.Action.Target, "drop_table", "sha256:0", Encoding.UTF8.GetBytes(Described)),
                ],
            },
            Cancel);
        await _host.PressAsync("U0BOB", "modify");

        var sent = await _host.SendAsync(_host.Slack.Submit("U0BOB", ("json", """{"table":"<users>"}""")));

        var why = (string)JsonNode.Parse(sent.Body)!["errors"]!["json"]!;
        Assert.Contains("""'table' must be one of "orders", "test".""", why, StringComparison.Ordinal);
        Assert.Equal(1, (await _host.FindAsync(asked)).Life.Revision);
    }

    [Fact]
    public async Task What_is_sent_is_what_was_compared_and_otherwise_compared_anew()
    {
        var asked = await _host.AskShownAsync();
        await _host.PressAsync("U0BOB", "modify");
        await SendAsync("""{"table":"test"}""");

        await SendAsync("""{"table":"customers"}""");

        Assert.Contains("+   \"table\": \"customers\"", ViewText, StringComparison.Ordinal);
        Assert.Equal(1, (await _host.FindAsync(asked)).Life.Revision);
        await SendAsync("""{"table":"customers"}""");
        Assert.Equal("""{"table":"customers"}""", (await _host.FindAsync(asked)).Action.Arguments.ToString());
    }

    [Fact]
    public async Task A_comparison_goes_with_the_request_that_it_was_made_for()
    {
        var asked = await _host.AskShownAsync();
        await _host.PressAsync("U0BOB", "modify");
        await SendAsync("""{"table":"test"}""");
        var compared = _host.Slack.View!;
        await _host.SendAsync(_host.Slack.Submit("U0BOB", ("json", """{"table":"test"}""")));
        Assert.Equal(2, (await _host.FindAsync(asked)).Life.Revision);

        var again = await _host.SendAsync(_host.Slack.Submit("U0CAROL", ("json", """{"table":"test"}""")));

        Assert.Same(compared, _host.Slack.View);
        Assert.Contains("errors", again.Body, StringComparison.Ordinal);
        Assert.Equal(2, (await _host.FindAsync(asked)).Life.Revision);
    }

    [Fact]
    public async Task A_form_that_changes_nothing_says_so()
    {
        await _host.AskShownAsync();
        await _host.PressAsync("U0BOB", "modify");

        var sent = await SendAsync("""{ "table": "orders" }""");

        Assert.Contains("Nothing was changed.", sent.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_comparison_that_no_form_holds_says_where_it_is()
    {
        await _host.AskShownAsync();
        await _host.PressAsync("U0BOB", "modify");
        var many = string.Join(',', Enumerable.Range(0, 600).Select(i => $"\"<{i}>\""));

        await SendAsync($$"""{"t":[{{many}}]}""");

        Assert.Contains("too long for a form", ViewText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("U0ALICE")]
    [InlineData("U0DORA")]
    public async Task Who_may_not_change_it_gets_no_form(string user)
    {
        await _host.AskShownAsync();

        await _host.PressAsync(user, "modify");

        Assert.Contains("may change it", await ReplyAsync(), StringComparison.Ordinal);
        Assert.Null(_host.Slack.View);
    }

    private string ViewText => string.Join('\n', _host.Slack.View!["blocks"]!.AsArray()
        .Select(block => block!["text"]?["text"]?.GetValue<string>()));

    private Task<SlackReception> SendAsync(string json) => _host.SendAsync(
        _host.Slack.Submit("U0BOB", ("json", json), ("comment", "Only the test table.")));

    private async Task<string> ReplyAsync() =>
        (await _host.Slack.NextReplyAsync(Cancel))["text"]!.GetValue<string>();
}
