using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Countersign.Tests.Channels.Slack;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.EndToEnd.Support;

/// <summary>
/// A workspace as the built product sees it: it keeps messages, opens modals, and its users click as Slack signs
/// clicks. The unit tests have a stricter double; this one is only the other end of the wire.
/// </summary>
internal sealed class SlackWorld : IAsyncDisposable
{
    public const string Secret = "8f742231b10e8888abcd99yyyzzz85a5";

    private readonly WebApplication _web;
    private readonly HttpClient _http = new() { Timeout = Limits.Soon };
    private readonly Channel<JsonObject> _shown = Channel.CreateUnbounded<JsonObject>();
    private readonly Channel<JsonObject> _replies = Channel.CreateUnbounded<JsonObject>();
    private readonly Channel<SlackConnection> _connections = Channel.CreateUnbounded<SlackConnection>();
    private int _last;

    private SlackWorld(WebApplication web) => _web = web;

    /// <summary>Whether every call is answered with HTTP 503.</summary>
    public bool IsAway { get; set; }

    public JsonObject? View { get; private set; }

    public string Configuration =>
        $$"""
        channels:
          slack: { signing_secret: env:SLACK_SECRET, bot_token: env:SLACK_BOT, channel: C0123, base_url: "{{Base}}" }
        """;

    /// <summary>Interactions come over a connection that the product opens; nothing is signed.</summary>
    public string SocketConfiguration =>
        $$"""
        channels:
          slack: { app_token: env:SLACK_APP, bot_token: env:SLACK_BOT, channel: C0123, base_url: "{{Base}}" }
        """;

    public static IReadOnlyDictionary<string, string> Variables { get; } = new Dictionary<string, string>
    {
        ["SLACK_APP"] = "xapp-end-to-end",
        ["SLACK_SECRET"] = Secret,
        ["SLACK_BOT"] = "xoxb-end-to-end",
    };

    /// <summary>The product with this workspace, in which clicks of two persons are enough.</summary>
    /// <param name="configuration"><see cref="Configuration"/> or <see cref="SocketConfiguration"/>.</param>
    /// <param name="cancellationToken">Stops the start.</param>
    public static Task<Bench> OpenAsync(string configuration, CancellationToken cancellationToken) => Bench.StartAsync(
        new ProductOptions
        {
            Policy = StandardPolicy.TwoInChat, More = configuration, Environment = Variables,
        },
        cancellationToken);

    private Uri Base => new(new Uri(_web.Urls.First()), "/api/");

    public static async Task<SlackWorld> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        var world = new SlackWorld(web);
        web.UseWebSockets();
        web.Map("/socket", world.AcceptAsync);
        web.MapPost("/api/{method}", world.AnswerAsync);
        web.MapPost("/respond", world.TakeReplyAsync);
        await web.StartAsync(cancellationToken);
        return world;
    }

    /// <summary>The next message that is posted or changed.</summary>
    public async Task<JsonObject> NextMessageAsync(CancellationToken cancellationToken) =>
        await _shown.Reader.ReadAsync(cancellationToken).AsTask().WaitAsync(Limits.Soon, cancellationToken);

    /// <summary>The next answer that only one person sees.</summary>
    public async Task<string> NextReplyAsync(CancellationToken cancellationToken) =>
        (await _replies.Reader.ReadAsync(cancellationToken).AsTask().WaitAsync(Limits.Soon, cancellationToken))
            ["text"]!.GetValue<string>();

    /// <summary>The next connection of Socket Mode that the product opens.</summary>
    public async Task<SlackConnection> NextConnectionAsync(CancellationToken cancellationToken) =>
        await _connections.Reader.ReadAsync(cancellationToken).AsTask().WaitAsync(Limits.Soon, cancellationToken);

    /// <summary>What a message's button carries; <c>null</c> when there is no such button.</summary>
    public static string? ValueOf(JsonObject message, string verb) => message["blocks"]!.AsArray()
        .Where(block => block!["type"]!.GetValue<string>() == "actions")
        .SelectMany(block => block!["elements"]!.AsArray())
        .FirstOrDefault(button => button!["action_id"]!.GetValue<string>() == verb)?["value"]?.GetValue<string>();

    public JsonObject Press(string user, string verb, string value) => new()
    {
        ["type"] = "block_actions",
        ["user"] = new JsonObject { ["id"] = user, ["team_id"] = "T0123" },
        ["team"] = new JsonObject { ["id"] = "T0123" },
        ["channel"] = new JsonObject { ["id"] = "C0123" },
        ["trigger_id"] = $"trigger-{Interlocked.Increment(ref _last)}",
        ["response_url"] = new Uri(Base, "/respond").AbsoluteUri,
        ["actions"] = new JsonArray(new JsonObject
        {
            ["type"] = "button",
            ["action_id"] = verb,
            ["block_id"] = "decide",
            ["value"] = value,
            ["action_ts"] = $"{_last}.1",
        }),
    };

    public JsonObject Submit(string user, string comment) => Submit(user, "comment", comment);

    public JsonObject Submit(string user, string input, string text) => new()
    {
        ["type"] = "view_submission",
        ["user"] = new JsonObject { ["id"] = user, ["team_id"] = "T0123" },
        ["team"] = new JsonObject { ["id"] = "T0123" },
        ["view"] = new JsonObject
        {
            ["id"] = $"V{Interlocked.Increment(ref _last)}",
            ["callback_id"] = View!["callback_id"]!.DeepClone(),
            ["private_metadata"] = View["private_metadata"]!.DeepClone(),
            ["state"] = new JsonObject
            {
                ["values"] = new JsonObject
                {
                    [input] = new JsonObject { [input] = new JsonObject { ["value"] = text } },
                },
            },
        },
    };

    /// <summary>Sends an interaction as Slack does.</summary>
    public async Task<HttpStatusCode> SendAsync(
        Uri server, JsonObject payload, int secondsAway, string secret, CancellationToken cancellationToken)
    {
        var body = "payload=" + Uri.EscapeDataString(payload.ToJsonString());
        var timestamp = TimeProvider.System.GetUtcNow().AddSeconds(secondsAway).ToUnixTimeSeconds().ToString();
        var hash = HMACSHA256.HashData(
            Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"v0:{timestamp}:{body}"));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, "/channels/slack/interactions"));
        // Slack names no charset, and Bolt reads a form only under exactly this name.
        request.Content = new StringContent(body, new MediaTypeHeaderValue("application/x-www-form-urlencoded"));
        request.Headers.Add("X-Slack-Request-Timestamp", timestamp);
        request.Headers.Add("X-Slack-Signature", $"v0={Convert.ToHexStringLower(hash)}");
        using var answer = await _http.SendAsync(request, cancellationToken);
        return answer.StatusCode;
    }

    public Task<HttpStatusCode> SendAsync(Uri server, JsonObject payload, CancellationToken cancellationToken) =>
        SendAsync(server, payload, secondsAway: 0, Secret, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _web.StopAsync(new CancellationToken(canceled: true));
        await _web.DisposeAsync();
    }

    private async Task<IResult> AnswerAsync(HttpContext context, string method)
    {
        if (IsAway)
        {
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }

        using var reader = new StreamReader(context.Request.Body);
        var text = await reader.ReadToEndAsync(context.RequestAborted);
        var answer = method switch
        {
            "auth.test" => new JsonObject { ["team_id"] = "T0123" },
            "users.info" => new JsonObject
            {
                ["user"] = new JsonObject { ["id"] = text.Split('=')[^1], ["team_id"] = "T0123" },
            },
            "conversations.info" => new JsonObject { ["channel"] = new JsonObject { ["id"] = text.Split('=')[^1] } },
            "chat.postMessage" or "chat.update" => Show(JsonNode.Parse(text)!.AsObject()),
            "apps.connections.open" => new JsonObject
            {
                ["url"] = new UriBuilder(Base) { Scheme = "ws", Path = "/socket" }.Uri.AbsoluteUri,
            },
            "views.open" => Open(JsonNode.Parse(text)!.AsObject()),
            _ => throw new InvalidOperationException($"{method} is not expected."),
        };
        answer["ok"] = true;
        return Results.Text(answer.ToJsonString(), "application/json");
    }

    private JsonObject Show(JsonObject message)
    {
        _shown.Writer.TryWrite(message);
        return new JsonObject { ["channel"] = "C0123", ["ts"] = message["ts"]?.GetValue<string>() ?? "1.1" };
    }

    private JsonObject Open(JsonObject arguments)
    {
        View = arguments["view"]!.AsObject();
        return [];
    }

    private async Task AcceptAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var connection = new SlackConnection(socket);
        _connections.Writer.TryWrite(connection);
        await connection.RunAsync(context.RequestAborted);
    }

    private async Task TakeReplyAsync(HttpContext context)
    {
        var reply = await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
        _replies.Writer.TryWrite(reply!.AsObject());
    }
}
