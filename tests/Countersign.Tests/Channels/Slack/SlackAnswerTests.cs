using System.Net;
using System.Text.Json.Nodes;

namespace Countersign.Tests.Channels.Slack;

/// <summary>What only the person who clicked sees, and what their form is answered with, byte by byte.</summary>
public sealed class SlackAnswerTests : IAsyncLifetime
{
    private SlackHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _host = await SlackHost.StartAsync();
        await _host.AskShownAsync();
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_refusal()
    {
        await _host.PressAsync("U0ALICE", "approve");

        SlackGolden.Compare("refused-reply", await _host.Slack.NextReplyAsync(Cancel));
    }

    [Fact]
    public async Task The_offer_of_a_link()
    {
        await _host.SendAsync(_host.Slack.Press("U0EVE", "approve", _host.ValueOf("approve")!));

        SlackGolden.Compare("link-reply", await _host.Slack.NextReplyAsync(Cancel));
    }

    [Fact]
    public async Task What_is_wrong_in_a_form()
    {
        await _host.PressAsync("U0BOB", "modify");

        SlackGolden.Compare("wrong-answer", await SendAsync(("json", "{")));
    }

    [Fact]
    public async Task The_comparison_that_takes_the_place_of_a_form()
    {
        await _host.PressAsync("U0BOB", "modify");

        var answer = await SendAsync(("json", """{"table":"test"}"""), ("comment", "Only the test table."));

        // Which action and digest it is made for differs each time.
        answer["view"]!["private_metadata"] = "act_id.1.sha256:0";
        SlackGolden.Compare("compared-answer", answer);
    }

    [Fact]
    public async Task What_became_of_a_stop()
    {
        await _host.PressAsync("U0BOB", "stop");

        SlackGolden.Compare("stopped-answer", await SendAsync(("comment", "It runs wild.")));
    }

    private async Task<JsonObject> SendAsync(params (string Block, string Text)[] inputs)
    {
        var reception = await _host.SendAsync(_host.Slack.Submit("U0BOB", inputs));
        Assert.Equal(HttpStatusCode.OK, reception.Status);
        return JsonNode.Parse(reception.Body)!.AsObject();
    }
}
