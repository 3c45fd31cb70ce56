using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Countersign.Tests.Api;

/// <summary>Stages of automation have texts and documents masked, by kinds or as a target does it.</summary>
public sealed class RedactionTests : IAsyncLifetime
{
    private DemoNode _node = null!;
    private DocumentedCalls _calls = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _node = await DemoNode.StartAsync(Cancelled);
        _calls = new DocumentedCalls(
            await _node.Agent.GetFromJsonAsync<JsonElement>("/openapi/v1.json", Cancelled));
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task A_text_comes_back_with_masks_spans_and_a_report()
    {
        var answer = await RedactAsync(_node.Agent, new { text = "é joe@acme.io, 4111 1111 1111 1111" });

        Assert.Equal("é [email], [card]", answer.GetProperty("text").GetString());
        Assert.Equal("""{"card":1,"email":1}""", answer.GetProperty("report").GetRawText());
        var span = answer.GetProperty("spans")[0];
        Assert.Equal(
            (2, 13, "EMAIL_ADDRESS"),
            (span.GetProperty("start").GetInt32(), span.GetProperty("end").GetInt32(),
                span.GetProperty("kind").GetString()));
    }

    [Fact]
    public async Task A_document_stays_one_and_only_wanted_kinds_are_masked()
    {
        var answer = await RedactAsync(
            _node.Alice,
            new { json = new { b = "joe@acme.io", a = new[] { "4111 1111 1111 1111" } }, kinds = new[] { "email" } });

        Assert.Equal("""{"a":["4111 1111 1111 1111"],"b":"[email]"}""", answer.GetProperty("json").GetRawText());
        Assert.Equal(0, answer.GetProperty("spans").GetArrayLength());
    }

    [Fact]
    public async Task What_holds_nothing_comes_back_with_an_empty_report() =>
        Assert.Equal(
            """{"text":"nothing here","spans":[],"report":{}}""",
            (await RedactAsync(_node.Agent, new { text = "nothing here" })).GetRawText());

    [Fact]
    public async Task A_target_that_masks_nothing_masks_nothing_here() =>
        Assert.Equal(
            "joe@acme.io",
            (await RedactAsync(_node.Agent, new { text = "joe@acme.io", target = "acme-ops" }))
                .GetProperty("text").GetString());

    [Fact]
    public async Task What_cannot_be_meant_is_refused_with_its_reason()
    {
        (object Body, string Why)[] wrong =
        [
            (new { mode = "text" }, "either 'text' or 'json'"),
            (new { text = "a", json = "b" }, "either 'text' or 'json'"),
            (new { text = "a", mode = "colums" }, "'mode' is 'text'"),
            (new { text = "a", kinds = new[] { "emial" } }, "no kind"),
            (new { text = "a", kinds = Array.Empty<string>() }, "'kinds' is a list"),
            (new { text = "a", target = "acme-ops", kinds = new[] { "email" } }, "leave 'kinds' and 'mode' out"),
        ];
        foreach (var (body, why) in wrong)
        {
            var problem = await RedactAsync(_node.Agent, body, HttpStatusCode.BadRequest);
            Assert.Contains(why, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        await RedactAsync(_node.Agent, new { text = "a", target = "other" }, HttpStatusCode.NotFound);
        await RedactAsync(_node.Agent, new { text = "a", target = "countersign" }, HttpStatusCode.NotFound);
        await RedactAsync(_node.Nobody, new { text = "a" }, HttpStatusCode.Unauthorized);
        await RedactAsync(
            _node.Agent, new { text = new string('a', 11 * 1024 * 1024) }, HttpStatusCode.RequestEntityTooLarge);
    }

    private Task<JsonElement> RedactAsync(
        HttpClient client, object body, HttpStatusCode expected = HttpStatusCode.OK) =>
        _calls.PostAsync(client, "/v1/redact", "/v1/redact", body, expected);
}
