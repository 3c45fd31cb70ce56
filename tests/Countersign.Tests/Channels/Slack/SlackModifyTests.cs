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
        var saved = await _host.SendAsync(_host.Slack.Submit(
            "U0BOB", ("json", "{\"table\":\"test\"}"), ("comment", "Only the test table.")));
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

    private async Task<string> ReplyAsync() =>
        (await _host.Slack.NextReplyAsync(Cancel))["text"]!.GetValue<string>();
}
