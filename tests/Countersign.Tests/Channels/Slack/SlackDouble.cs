using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Channels.Slack;

/// <summary>
/// Slack as far as the channel uses it, on a real socket and with a memory: messages, users, channels, triggers that
/// open one modal in time, answers to one person, limits of rate and length, and a connection of Socket Mode.
/// </summary>
internal sealed class SlackDouble : IAsyncDisposable
{
    public const string Team = "T0123";
    public const string BotToken = "xoxb-the-bot";
    public const string AppToken = "xapp-the-app";
    public const string Secret = "8f742231b10e8888abcd99yyyzzz85a5";
    public const string Channel = "C0123";

    /// <summary>How long a trigger is good for, and Slack waits for an acknowledgement.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>How often the address of an interaction may be answered to.</summary>
    private const int MaxReplies = 5;

    private readonly WebApplication _web;
    private readonly TimeProvider _time;
    private readonly Channel<JsonObject> _replies = System.Threading.Channels.Channel.CreateUnbounded<JsonObject>();
    private readonly Channel<SlackCall> _arrivals = System.Threading.Channels.Channel.CreateUnbounded<SlackCall>();
    private readonly ConcurrentDictionary<string, int> _replyCounts = new();
    private readonly ConcurrentDictionary<string, DateTimeOffset> _triggers = new();
    private readonly Channel<SlackConnection> _connections =
        System.Threading.Channels.Channel.CreateUnbounded<SlackConnection>();

    private int _last;

    private SlackDouble(WebApplication web, TimeProvider time) => (_web, _time) = (web, time);

    public Uri Address => new(_web.Urls.First());

    public Uri BaseUrl => new(Address, "/api/");

    public ConcurrentQueue<SlackCall> Calls { get; } = new();

    /// <summary>What stands in the channel, by time stamp.</summary>
    public ConcurrentDictionary<string, JsonObject> Messages { get; } = new();

    /// <summary>The modal that was opened last.</summary>
    public JsonObject? View { get; private set; }

    /// <summary>What <c>users.info</c> says beyond id and team, by user.</summary>
    public ConcurrentDictionary<string, JsonObject> Users { get; } = new();

    /// <summary>What <c>conversations.info</c> says of the channel.</summary>
    public JsonObject ChannelInfo { get; set; } = [];

    /// <summary>Answers instead of Slack, when it says something.</summary>
    public Func<SlackCall, IResult?> Fault { get; set; } = static _ => null;

    /// <summary>The only message there is.</summary>
    public JsonObject Message => Messages.Values.Single();

    public static async Task<SlackDouble> StartAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        var slack = new SlackDouble(web, time);
        web.UseWebSockets();
        web.MapPost("/api/{method}", slack.AnswerAsync);
        web.MapPost("/respond/{id}", slack.TakeReplyAsync);
        web.Map("/socket", slack.AcceptAsync);
        await web.StartAsync(cancellationToken);
        return slack;
    }

    /// <summary>The next answer to one person, which has the lengths that Slack takes.</summary>
    public async Task<JsonObject> NextReplyAsync(CancellationToken cancellationToken)
    {
        var reply = await _replies.Reader.ReadAsync(cancellationToken).AsTask()
            .WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);
        Assert.Empty(SlackLengths.Find(reply));
        return reply;
    }

    /// <summary>Answers that nobody asked for yet.</summary>
    public bool HasReply => _replies.Reader.TryPeek(out _);

    /// <summary>The next call of a method, however long it takes to come.</summary>
    public async Task<SlackCall> NextCallAsync(string method, CancellationToken cancellationToken)
    {
        while (true)
        {
            var call = await _arrivals.Reader.ReadAsync(cancellationToken).AsTask()
                .WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);
            if (call.Method == method)
            {
                return call;
            }
        }
    }

    public async Task<SlackConnection> NextConnectionAsync(CancellationToken cancellationToken) =>
        await _connections.Reader.ReadAsync(cancellationToken).AsTask()
            .WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);

    /// <summary>What Slack sends when somebody presses a button of a message.</summary>
    public JsonObject Press(string user, string verb, string value, string channel = Channel)
    {
        var id = Interlocked.Increment(ref _last);
        var trigger = $"trigger-{id}";
        _triggers[trigger] = _time.GetUtcNow() + Patience;
        return new JsonObject
        {
            ["type"] = "block_actions",
            ["user"] = new JsonObject { ["id"] = user, ["username"] = "whoever", ["team_id"] = Team },
            ["team"] = new JsonObject { ["id"] = Team, ["domain"] = "example" },
            ["enterprise"] = null,
            ["is_enterprise_install"] = false,
            ["channel"] = new JsonObject { ["id"] = channel, ["name"] = "approvals" },
            ["container"] = new JsonObject { ["type"] = "message", ["channel_id"] = channel },
            ["trigger_id"] = trigger,
            ["response_url"] = new Uri(Address, $"/respond/{id}").AbsoluteUri,
            ["actions"] = new JsonArray(new JsonObject
            {
                ["type"] = "button",
                ["action_id"] = verb,
                ["block_id"] = "decide",
                ["value"] = value,
                ["action_ts"] = $"{id}.000",
            }),
        };
    }

    /// <summary>What Slack sends when somebody sends the modal that was opened last.</summary>
    public JsonObject Submit(string user, string block, string text) => Submit(user, (block, text));

    /// <inheritdoc cref="Submit(string, string, string)"/>
    public JsonObject Submit(string user, params (string Block, string Text)[] inputs) => new()
    {
        ["type"] = "view_submission",
        ["user"] = new JsonObject { ["id"] = user, ["team_id"] = Team },
        ["team"] = new JsonObject { ["id"] = Team },
        ["trigger_id"] = $"trigger-{Interlocked.Increment(ref _last)}",
        ["view"] = new JsonObject
        {
            ["id"] = $"V{Interlocked.Increment(ref _last)}",
            ["callback_id"] = View!["callback_id"]!.DeepClone(),
            ["private_metadata"] = View["private_metadata"]!.DeepClone(),
            ["state"] = new JsonObject
            {
                ["values"] = new JsonObject(inputs.Select(input => KeyValuePair.Create<string, JsonNode?>(
                    input.Block,
                    new JsonObject
                    {
                        [input.Block] = new JsonObject { ["type"] = "plain_text_input", ["value"] = input.Text },
                    }))),
            },
        },
    };

    /// <summary>Takes what an interaction was answered with: it may put another view into the open modal.</summary>
    public void Take(string answer)
    {
        if (answer.Length > 0 && JsonNode.Parse(answer) is JsonObject body
            && body["response_action"]?.GetValue<string>() == "update")
        {
            View = body["view"]!.DeepClone().AsObject();
            Assert.Empty(SlackLengths.Find(View));
        }
    }

    /// <summary>A request as Slack signs it.</summary>
    public static HttpRequestMessage Sign(JsonObject payload, Uri endpoint, DateTimeOffset at, string secret = Secret)
    {
        var body = "payload=" + Uri.EscapeDataString(payload.ToJsonString());
        var timestamp = at.ToUnixTimeSeconds().ToString();
        var hash = HMACSHA256.HashData(
            Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"v0:{timestamp}:{body}"));
        var request = new HttpRequestMessage(HttpMethod.Post, endpoint)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/x-www-form-urlencoded"),
        };
        request.Headers.Add("X-Slack-Request-Timestamp", timestamp);
        request.Headers.Add("X-Slack-Signature", $"v0={Convert.ToHexStringLower(hash)}");
        return request;
    }

    public async ValueTask DisposeAsync()
    {
        await _web.StopAsync(new CancellationToken(canceled: true));
        await _web.DisposeAsync();
    }

    private async Task<IResult> AnswerAsync(HttpContext context, string method)
    {
        using var reader = new StreamReader(context.Request.Body);
        var text = await reader.ReadToEndAsync(context.RequestAborted);
        var call = new SlackCall(method, ArgumentsOf(context, text));
        Calls.Enqueue(call);
        _arrivals.Writer.TryWrite(call);
        var token = method == "apps.connections.open" ? AppToken : BotToken;
        return context.Request.Headers.Authorization != $"Bearer {token}"
            ? No("invalid_auth")
            : Fault(call) ?? Answer(call);
    }

    private IResult Answer(SlackCall call) => call.Method switch
    {
        "auth.test" => Yes(new JsonObject { ["team_id"] = Team, ["user_id"] = "U0BOT", ["bot_id"] = "B0BOT" }),
        "users.info" => UserInfo(call.Text("user")),
        "conversations.info" => Yes(new JsonObject { ["channel"] = With(ChannelInfo, call.Text("channel")) }),
        "chat.postMessage" => Post(call),
        "chat.update" => Update(call),
        "views.open" => OpenView(call),
        "apps.connections.open" => Yes(new JsonObject
        {
            ["url"] = new UriBuilder(Address) { Scheme = "ws", Path = "/socket" }.Uri.AbsoluteUri,
        }),
        _ => No("unknown_method"),
    };

    private IResult UserInfo(string user) => Yes(new JsonObject
    {
        ["user"] = With(Users.GetValueOrDefault(user, []), user, ("team_id", Team)),
    });

    private IResult Post(SlackCall call)
    {
        if (call.Text("channel") != Channel)
        {
            return No("channel_not_found");
        }

        if (SlackLengths.Find(call.Arguments).Any())
        {
            return No("invalid_blocks");
        }

        var ts = $"{1_700_000_000 + Interlocked.Increment(ref _last)}.000100";
        Messages[ts] = call.Arguments;
        return Yes(new JsonObject { ["channel"] = Channel, ["ts"] = ts });
    }

    private IResult Update(SlackCall call)
    {
        if (!Messages.ContainsKey(call.Text("ts")))
        {
            return No("message_not_found");
        }

        if (SlackLengths.Find(call.Arguments).Any())
        {
            return No("invalid_blocks");
        }

        Messages[call.Text("ts")] = call.Arguments;
        return Yes(new JsonObject { ["channel"] = Channel, ["ts"] = call.Text("ts") });
    }

    private IResult OpenView(SlackCall call)
    {
        if (!_triggers.TryRemove(call.Text("trigger_id"), out var until))
        {
            return No("exchanged_trigger_id");
        }

        if (until < _time.GetUtcNow())
        {
            return No("expired_trigger_id");
        }

        View = call.Arguments["view"]!.AsObject();
        return SlackLengths.Find(View).Any() ? No("invalid_arguments") : Yes([]);
    }

    private async Task<IResult> TakeReplyAsync(HttpContext context, string id)
    {
        var message = (await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted))!;
        if (_replyCounts.AddOrUpdate(id, 1, static (_, count) => count + 1) > MaxReplies)
        {
            return Results.StatusCode((int)HttpStatusCode.NotFound);
        }

        _replies.Writer.TryWrite(message.AsObject());
        return Results.Text("ok");
    }

    private async Task AcceptAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var connection = new SlackConnection(socket);
        _connections.Writer.TryWrite(connection);
        await connection.RunAsync(context.RequestAborted);
    }

    private static JsonObject ArgumentsOf(HttpContext context, string text) =>
        context.Request.ContentType?.StartsWith("application/json", StringComparison.Ordinal) == true
            ? JsonNode.Parse(text)!.AsObject()
            : new JsonObject(Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(text).Select(field =>
                KeyValuePair.Create(field.Key, (JsonNode?)JsonValue.Create(field.Value.ToString()))));

    private static JsonObject With(JsonObject known, string id, params (string Name, string Value)[] standard)
    {
        var all = known.DeepClone().AsObject();
        all["id"] = id;
        foreach (var (name, value) in standard)
        {
            all.TryAdd(name, value);
        }

        return all;
    }

    private static IResult Yes(JsonObject body)
    {
        body["ok"] = true;
        return Results.Text(body.ToJsonString(), "application/json");
    }

    private static IResult No(string error) =>
        Results.Text(new JsonObject { ["ok"] = false, ["error"] = error }.ToJsonString(), "application/json");
}

/// <summary>One call of the Web API as it arrived.</summary>
internal sealed record SlackCall(string Method, JsonObject Arguments)
{
    public string Text(string name) => Arguments[name]?.GetValue<string>() ?? "";
}
