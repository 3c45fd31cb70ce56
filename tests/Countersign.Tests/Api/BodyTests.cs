using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Countersign.Tests.Api;

/// <summary>What a body says must not get lost: neither by its type nor by the way it travels.</summary>
public sealed class BodyTests : IAsyncLifetime
{
    private DemoNode _node = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _node = await DemoNode.StartAsync(Cancelled);

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Theory]
    [InlineData("""{"target":"acme-ops","operation":"export_customers","reason":["because"]}""", "'reason' is a text")]
    [InlineData("""{"target":"acme-ops","operation":"export_customers","session":7}""", "'session' is a text")]
    [InlineData("""{"target":7,"operation":"export_customers"}""", "'target' is a text")]
    [InlineData("""{"target":"acme-ops","operation":"export_customers","dry_run":true}""", "no member 'dry_run'")]
    [InlineData("""{"target":"acme-ops","operation":"export_customers","state":"approved"}""", "no member 'state'")]
    [InlineData("""{"target":"acme-ops","operation":"x","approved_by":"alice"}""", "no member 'approved_by'")]
    [InlineData("""["acme-ops"]""", "a JSON object with target")]
    [Trait("Threat", "THR-094"), Trait("CWE", "915")]
    public async Task A_request_whose_members_are_not_what_they_should_be_is_refused(string body, string why)
    {
        using var response = await _node.Agent.PostAsync("/v1/actions", Json(body), Cancelled);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(why, (await ReadAsync(response)).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_vote_whose_comment_is_no_text_is_not_counted_without_it()
    {
        var held = await AskAsync();
        var digest = held.GetProperty("digest").GetString();

        using var response = await _node.Alice.PostAsync(
            $"/v1/actions/{held.GetProperty("id")}/votes",
            Json($$"""{"decision":"approve","digest":"{{digest}}","comment":{"only":"once"} }"""),
            Cancelled);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("pending", (await ShowAsync(held)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_withdrawal_keeps_a_comment_that_came_in_pieces()
    {
        var held = await AskAsync();
        using var request = new HttpRequestMessage(
            HttpMethod.Post, $"/v1/actions/{held.GetProperty("id")}/withdraw")
        {
            Content = Json("""{"comment":"wrong customer"}"""),
            Headers = { TransferEncodingChunked = true },
        };

        using var response = await _node.Agent.SendAsync(request, Cancelled);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var explanation = (await ShowAsync(held)).GetProperty("explanation").GetString();
        Assert.Contains("wrong customer", explanation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_withdrawal_needs_no_body()
    {
        var held = await AskAsync();

        using var response = await _node.Agent.PostAsync(
            $"/v1/actions/{held.GetProperty("id")}/withdraw", content: null, Cancelled);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static StringContent Json(string text) =>
        new(text, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response)
    {
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancelled));
        return document.RootElement.Clone();
    }

    private async Task<JsonElement> AskAsync()
    {
        using var response = await _node.Agent.PostAsync(
            "/v1/actions",
            Json("""{"target":"acme-ops","operation":"export_customers","arguments":{"country":"UK"}}"""),
            Cancelled);
        return await ReadAsync(response);
    }

    private async Task<JsonElement> ShowAsync(JsonElement action)
    {
        using var response = await _node.Agent.GetAsync($"/v1/actions/{action.GetProperty("id")}", Cancelled);
        return await ReadAsync(response);
    }
}
