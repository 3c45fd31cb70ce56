using System.Net;
using System.Text;
using System.Text.Json;
using Countersign.Client;

namespace Countersign.Tests.DotNetClient;

/// <summary>Plays the API for one client: answers what a test put in line, and keeps what was sent.</summary>
internal sealed class ScriptedServer : HttpMessageHandler
{
    public const string Digest = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

    private const string Problems = "https://countersign.dev/problems/";

    private readonly Queue<Func<CancellationToken, Task<HttpResponseMessage>>> _answers = new();
    private readonly List<SentRequest> _sent = [];
    private readonly HttpClient _http;

    public ScriptedServer()
    {
        _http = new HttpClient(this, disposeHandler: false);
        Client = new CountersignClient(_http, new CountersignOptions(new Uri("http://gateway.test"), "secret-token")
        {
            Pause = TimeSpan.Zero,
        });
    }

    public CountersignClient Client { get; }

    public IReadOnlyList<SentRequest> Sent => _sent;

    public IEnumerable<string> Paths => _sent.Select(request => $"{request.Method} {request.Path}");

    /// <summary>The body of the latest request to a call.</summary>
    public JsonElement LastBodyOf(string verb) =>
        JsonElement.Parse(_sent.Last(request => request.Path.EndsWith(verb, StringComparison.Ordinal)).Body);

    public ScriptedServer Answers(string state, string? more = null, string arguments = """{"to":"team"}""")
    {
        var json = $$"""
            {"id":"act_1","revision":1,"state":"{{state}}","target":"sdk","operation":"send_mail","via":"api",
             "arguments":{{arguments}},"digest":"{{Digest}}","verdict":{"outcome":"require","policy":"p",
             "rules":[{"id":"mails","reason":"Somebody reads a mail first."}]},"created_at":"2026-11-22T10:00:00Z",
             "permit":{"claim":1,"uses_left":0,"report_by":null},"explanation":null,"outcome":null{{more}}}
            """;
        return Replies(HttpStatusCode.OK, json);
    }

    public ScriptedServer Refuses(int status, string slug, string state = "pending") => Replies(
        (HttpStatusCode)status,
        $$"""
        {"type":"{{Problems}}{{slug}}","title":"t","status":{{status}},"detail":"The detail of {{slug}}.",
         "action":"act_1","state":"{{state}}"}
        """);

    public ScriptedServer Breaks() => Does(_ => throw new HttpRequestException("connection reset"));

    public ScriptedServer Replies(HttpStatusCode status, string body) => Does(_ => Task.FromResult(
        new HttpResponseMessage(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") }));

    public ScriptedServer Does(Func<CancellationToken, Task<HttpResponseMessage>> answer)
    {
        _answers.Enqueue(answer);
        return this;
    }

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Assert.Equal("Bearer secret-token", request.Headers.Authorization?.ToString());
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        var key = request.Headers.TryGetValues("Idempotency-Key", out var keys) ? keys.Single() : null;
        _sent.Add(new SentRequest(request.Method.Method, request.RequestUri!.PathAndQuery, body, key));
        Assert.True(_answers.TryDequeue(out var answer), $"Nothing answers {request.Method} {request.RequestUri}.");
        return await answer(cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _http.Dispose();
        }

        base.Dispose(disposing);
    }
}

internal sealed record SentRequest(string Method, string Path, string Body, string? Key);
