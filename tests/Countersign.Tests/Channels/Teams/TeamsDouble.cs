using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Countersign.Tests.Identity.Tokens;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Channels.Teams;

/// <summary>
/// The Bot Connector and its token services as far as the channel uses them, on a real socket and with a memory: keys
/// that change, conversations, members, messages, limits of rate and size.
/// </summary>
internal sealed class TeamsDouble : IAsyncDisposable
{
    public const string AppId = "11111111-2222-3333-4444-555555555555";
    public const string AppPassword = "the-password-of-the-app";
    public const string Tenant = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";
    public const string Channel = "19:approvals@thread.tacv2";
    public const string Issuer = "https://api.botframework.com";

    /// <summary>Bytes of UTF-16 that Teams takes at most.</summary>
    private const int MaxBytes = 100 * 1024;

    private readonly WebApplication _web;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, List<DateTimeOffset>> _sent = new();
    private string _accessToken = "access-1";
    private int _last;

    private TeamsDouble(WebApplication web, TimeProvider time) => (_web, _time) = (web, time);

    public Uri Address => new(_web.Urls.First());

    /// <summary>Where the connector is, as activities name it.</summary>
    public string ServiceUrl => new Uri(Address, "/teams/").AbsoluteUri;

    public TestSigner Signer { get; set; } = new("k1");

    /// <summary>What the keys are good for.</summary>
    public JsonArray Endorsements { get; set; } = ["msteams", "webchat"];

    public int KeysRead { get; private set; }

    public int TokensGiven { get; private set; }

    public ConcurrentQueue<TeamsCall> Calls { get; } = new();

    /// <summary>Every message that stands somewhere, by conversation and id.</summary>
    public ConcurrentDictionary<(string Conversation, string Id), JsonObject> Messages { get; } = new();

    /// <summary>What members say beyond the standard, by name.</summary>
    public ConcurrentDictionary<string, JsonObject> Members { get; } = new();

    /// <summary>Answers instead of the connector, when it says something.</summary>
    public Func<TeamsCall, IResult?> Fault { get; set; } = static _ => null;

    /// <summary>Which limit of rate was broken; empty while none was.</summary>
    public ConcurrentQueue<string> Hurries { get; } = new();

    /// <summary>The one message in the channel.</summary>
    public JsonObject Thread => Threads.Single();

    public IEnumerable<JsonObject> Threads => Messages
        .Where(message => message.Key.Conversation.StartsWith(Channel, StringComparison.Ordinal))
        .Select(message => message.Value);

    public IEnumerable<JsonObject> For(string name) => Messages
        .Where(message => message.Key.Conversation == $"a:{name}")
        .Select(message => message.Value);

    public static async Task<TeamsDouble> StartAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        var teams = new TeamsDouble(web, time);
        web.MapGet("/metadata", teams.Describe);
        web.MapGet("/keys", teams.ListKeys);
        web.MapPost("/token", (Func<HttpContext, Task<IResult>>)teams.GiveTokenAsync);
        // As a delegate of its own kind: as a RequestDelegate its result would be dropped.
        web.MapPost(
            "/teams/v3/conversations",
            (Func<HttpContext, Task<IResult>>)(context => teams.TakeAsync(context, "create", null, null)));
        web.MapPost(
            "/teams/v3/conversations/{conversation}/activities",
            (HttpContext context, string conversation) => teams.TakeAsync(context, "post", conversation, null));
        web.MapPut(
            "/teams/v3/conversations/{conversation}/activities/{id}",
            (HttpContext context, string conversation, string id) => teams.TakeAsync(
                context, "update", conversation, id));
        web.MapGet(
            "/teams/v3/conversations/{conversation}/members/{id}",
            (HttpContext context, string conversation, string id) => teams.TakeAsync(
                context, "member", conversation, id));
        await web.StartAsync(cancellationToken);
        return teams;
    }

    /// <summary>The object id of somebody in Entra.</summary>
    public static string EntraOf(string name) =>
        new Guid([.. name.PadRight(16, '-').Select(c => (byte)c)]).ToString("D");

    /// <summary>The access tokens given so far are worth nothing any more.</summary>
    public void RevokeTokens() => _accessToken = $"access-{Interlocked.Increment(ref _last)}";

    public JsonObject Claims(DateTimeOffset now) => new()
    {
        ["serviceurl"] = ServiceUrl,
        ["nbf"] = now.ToUnixTimeSeconds(),
        ["exp"] = now.AddHours(1).ToUnixTimeSeconds(),
        ["iss"] = Issuer,
        ["aud"] = AppId,
    };

    /// <summary>What Teams sends when somebody presses an action of a card.</summary>
    public JsonObject Invoke(string name, string verb, JsonObject data, string conversation = Channel) => Activity(
        name, "invoke", conversation, activity =>
        {
            activity["name"] = "adaptiveCard/action";
            activity["value"] = new JsonObject
            {
                ["action"] = new JsonObject
                {
                    ["type"] = "Action.Execute", ["id"] = verb, ["verb"] = verb, ["data"] = data.DeepClone(),
                },
                ["trigger"] = verb == "refresh" ? "automatic" : "manual",
            };
        });

    public JsonObject Activity(
        string name, string type, string conversation, Action<JsonObject>? alter = null)
    {
        var activity = new JsonObject
        {
            ["type"] = type,
            ["id"] = $"f:{Interlocked.Increment(ref _last)}",
            ["timestamp"] = _time.GetUtcNow().ToString("O"),
            ["channelId"] = "msteams",
            ["serviceUrl"] = ServiceUrl,
            ["from"] = new JsonObject
            {
                ["id"] = $"29:{name}", ["name"] = "Whoever", ["aadObjectId"] = EntraOf(name),
            },
            ["conversation"] = new JsonObject
            {
                ["conversationType"] = conversation.StartsWith("a:", StringComparison.Ordinal) ? "personal" : "channel",
                ["tenantId"] = Tenant,
                ["id"] = conversation,
            },
            ["recipient"] = new JsonObject { ["id"] = $"28:{AppId}", ["name"] = "Countersign" },
            ["channelData"] = new JsonObject { ["tenant"] = new JsonObject { ["id"] = Tenant } },
        };
        alter?.Invoke(activity);
        return activity;
    }

    public async ValueTask DisposeAsync()
    {
        await _web.StopAsync(new CancellationToken(canceled: true));
        await _web.DisposeAsync();
    }

    private IResult Describe() => Json(new JsonObject
    {
        ["issuer"] = Issuer,
        ["authorization_endpoint"] = "https://invalid.botframework.com",
        ["jwks_uri"] = new Uri(Address, "/keys").AbsoluteUri,
        ["id_token_signing_alg_values_supported"] = new JsonArray("RS256"),
        ["token_endpoint_auth_methods_supported"] = new JsonArray("private_key_jwt"),
    });

    private IResult ListKeys()
    {
        KeysRead++;
        var keys = Signer.Keys().ToList();
        keys.ForEach(key => key["endorsements"] = Endorsements.DeepClone());
        return Json(new JsonObject { ["keys"] = new JsonArray([.. keys]) });
    }

    private async Task<IResult> GiveTokenAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        if (form["grant_type"] != "client_credentials" || form["client_id"] != AppId
            || form["client_secret"] != AppPassword || form["scope"] != "https://api.botframework.com/.default")
        {
            return Results.Text("""{"error":"invalid_client"}""", "application/json", statusCode: 401);
        }

        TokensGiven++;
        return Json(new JsonObject
        {
            ["token_type"] = "Bearer", ["expires_in"] = 3599, ["access_token"] = _accessToken,
        });
    }

    private async Task<IResult> TakeAsync(HttpContext context, string method, string? conversation, string? id)
    {
        using var reader = new StreamReader(context.Request.Body);
        var text = await reader.ReadToEndAsync(context.RequestAborted);
        var call = new TeamsCall(
            method, conversation, id, text.Length == 0 ? [] : JsonNode.Parse(text)!.AsObject(), text.Length * 2);
        Calls.Enqueue(call);
        return context.Request.Headers.Authorization != $"Bearer {_accessToken}"
            ? No(401, "Unauthorized")
            : Fault(call) ?? Hurry(call) ?? Answer(call);
    }

    /// <summary>Sending within one conversation, as Teams limits it.</summary>
    private IResult? Hurry(TeamsCall call)
    {
        if (call.Method == "member")
        {
            return null;
        }

        var key = call.Conversation?.Split(";messageid=")[0]
            ?? call.Body["channelData"]?["channel"]?["id"]?.GetValue<string>()
            ?? $"with {call.Body["members"]?[0]?["id"]}";
        var sent = _sent.GetOrAdd(key, static _ => []);
        lock (sent)
        {
            var now = _time.GetUtcNow();
            foreach (var (most, seconds) in new[] { (7, 1), (8, 2), (60, 30), (1800, 3600) })
            {
                if (sent.Count(at => at > now.AddSeconds(-seconds)) >= most)
                {
                    Hurries.Enqueue($"more than {most} in {seconds} s in {key}");
                    return No(429, "TooManyRequests");
                }
            }

            sent.Add(now);
            return null;
        }
    }

    private IResult Answer(TeamsCall call) => call.Method switch
    {
        _ when call.Size > MaxBytes => No(413, "MessageSizeTooBig"),
        "create" => Create(call),
        "post" => Json(new JsonObject { ["id"] = Keep(call.Conversation!, call.Body) }),
        "update" => Update(call),
        _ => Member(call.Id!),
    };

    private IResult Create(TeamsCall call)
    {
        if (call.Body["channelData"]?["channel"]?["id"]?.GetValue<string>() is { } channel)
        {
            if (channel != Channel || call.Body["activity"] is not JsonObject activity)
            {
                return No(404, "ConversationNotFound");
            }

            var thread = $"{Channel};messageid={Interlocked.Increment(ref _last)}";
            return Json(new JsonObject { ["id"] = thread, ["activityId"] = Keep(thread, activity) }, 201);
        }

        return call.Body["members"] is JsonArray { Count: 1 } members
            && call.Body["tenantId"]?.GetValue<string>() == Tenant
            && !call.Body["isGroup"]!.GetValue<bool>()
                ? Json(new JsonObject { ["id"] = $"a:{NameOf(members[0]!["id"]!.GetValue<string>())}" }, 201)
                : No(400, "BadSyntax");
    }

    private string Keep(string conversation, JsonObject activity)
    {
        var id = $"{Interlocked.Increment(ref _last)}";
        Messages[(conversation, id)] = activity;
        return id;
    }

    private IResult Update(TeamsCall call)
    {
        if (!Messages.ContainsKey((call.Conversation!, call.Id!)))
        {
            return No(404, "ActivityNotFoundInConversation");
        }

        Messages[(call.Conversation!, call.Id!)] = call.Body;
        return Json(new JsonObject { ["id"] = call.Id });
    }

    private IResult Member(string id)
    {
        var name = NameOf(id);
        var member = new JsonObject
        {
            ["id"] = $"29:{name}",
            ["aadObjectId"] = EntraOf(name),
            ["userPrincipalName"] = $"{name}@example.com",
            ["email"] = $"{name}@example.com",
            ["tenantId"] = Tenant,
            ["userRole"] = "user",
        };
        foreach (var (key, value) in Members.GetValueOrDefault(name, []))
        {
            member[key] = value?.DeepClone();
        }

        return Json(member);
    }

    private static string NameOf(string id) => id.StartsWith("29:", StringComparison.Ordinal)
        ? id[3..]
        : System.Text.Encoding.ASCII.GetString(Guid.Parse(id).ToByteArray()).TrimEnd('-');

    private static IResult Json(JsonObject body, int status = 200) =>
        Results.Text(body.ToJsonString(), "application/json", statusCode: status);

    private static IResult No(int status, string code) => Json(
        new JsonObject { ["error"] = new JsonObject { ["code"] = code, ["message"] = "no" } }, status);
}

/// <summary>One call of the connector as it arrived.</summary>
internal sealed record TeamsCall(string Method, string? Conversation, string? Id, JsonObject Body, int Size);
