using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.EndToEnd.Support;

/// <summary>
/// A tenant as the built product sees it: connector, token service and the keys that activities are signed with. The
/// unit tests have a stricter double; this one is only the other end of the wire.
/// </summary>
internal sealed class TeamsWorld : IAsyncDisposable
{
    public const string AppId = "11111111-2222-3333-4444-555555555555";
    public const string Tenant = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

    private const string Team = "19:approvals@thread.tacv2";
    private const string Thread = $"{Team};messageid=1";

    private static readonly string[] Names = ["ALICE", "BOB", "CAROL", "DAVE"];

    private readonly WebApplication _web;
    private readonly RSA _key = RSA.Create(2048);
    private readonly HttpClient _http = new() { Timeout = Limits.Soon };
    private readonly Channel<JsonObject> _threads = Channel.CreateUnbounded<JsonObject>();
    private int _last;

    private TeamsWorld(WebApplication web) => _web = web;

    /// <summary>Whether every call of the connector is answered with HTTP 500.</summary>
    public bool IsAway { get; set; }

    /// <summary>What each person's line says of their account.</summary>
    public static IReadOnlyDictionary<string, string> Accounts { get; } =
        Names.ToDictionary(name => name, name => $"teams: {Tenant}/{EntraOf(name)}");

    public static IReadOnlyDictionary<string, string> Variables { get; } = new Dictionary<string, string>
    {
        ["TEAMS_PASSWORD"] = "the-password-of-the-app",
    };

    public string Configuration =>
        $$"""
        channels:
          teams:
            { app_id: {{AppId}}, app_password: env:TEAMS_PASSWORD, tenant: {{Tenant}}, team_channel: "{{Team}}",
              metadata_url: "{{new Uri(Base, "metadata")}}", token_url: "{{new Uri(Base, "token")}}",
              service_urls: [ "{{Service}}" ] }
        """;

    private Uri Base => new(_web.Urls.First());

    private string Service => new Uri(Base, "teams/").AbsoluteUri;

    public static async Task<TeamsWorld> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        var world = new TeamsWorld(web);
        web.MapGet("/metadata", () => Json(new JsonObject
        {
            ["issuer"] = "https://api.botframework.com",
            ["jwks_uri"] = new Uri(world.Base, "keys").AbsoluteUri,
        }));
        web.MapGet("/keys", world.ListKeys);
        web.MapPost("/token", () => Json(new JsonObject { ["access_token"] = "access", ["expires_in"] = 3599 }));
        web.Map("/teams/{**path}", (Func<HttpContext, Task<IResult>>)world.AnswerAsync);
        await web.StartAsync(cancellationToken);
        return world;
    }

    /// <summary>The next card that is posted to the thread, or changed there.</summary>
    public async Task<JsonObject> NextCardAsync(CancellationToken cancellationToken) =>
        (await _threads.Reader.ReadAsync(cancellationToken).AsTask().WaitAsync(Limits.Soon, cancellationToken))
            ["attachments"]![0]!["content"]!.AsObject();

    /// <summary>What an action of a card carries.</summary>
    public static JsonNode DataOf(JsonObject card, string verb) => card["body"]!.AsArray()
        .Where(element => (string)element!["type"]! == "ActionSet")
        .SelectMany(element => element!["actions"]!.AsArray())
        .Single(action => (string)action!["verb"]! == verb)!["data"]!;

    /// <summary>Sends what somebody pressed as Teams does.</summary>
    public async Task<(HttpStatusCode Status, JsonNode? Body)> PressAsync(
        Uri server, string name, string verb, JsonNode data, CancellationToken cancellationToken)
    {
        var activity = new JsonObject
        {
            ["type"] = "invoke",
            ["name"] = "adaptiveCard/action",
            ["id"] = $"f:{Interlocked.Increment(ref _last)}",
            ["channelId"] = "msteams",
            ["serviceUrl"] = Service,
            ["from"] = new JsonObject { ["id"] = $"29:{name}", ["aadObjectId"] = EntraOf(name) },
            ["conversation"] = new JsonObject
            {
                ["id"] = Thread, ["tenantId"] = Tenant, ["conversationType"] = "channel",
            },
            ["channelData"] = new JsonObject { ["tenant"] = new JsonObject { ["id"] = Tenant } },
            ["value"] = new JsonObject
            {
                ["action"] = new JsonObject
                {
                    ["type"] = "Action.Execute", ["verb"] = verb, ["data"] = data.DeepClone(),
                },
                ["trigger"] = "manual",
            },
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, "/channels/teams/messages"));
        request.Content = new StringContent(activity.ToJsonString(), Encoding.UTF8, "application/json");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Sign());
        using var answer = await _http.SendAsync(request, cancellationToken);
        var body = await answer.Content.ReadAsStringAsync(cancellationToken);
        return (answer.StatusCode, body.Length == 0 ? null : JsonNode.Parse(body));
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _web.StopAsync(new CancellationToken(canceled: true));
        await _web.DisposeAsync();
        _key.Dispose();
    }

    private static string EntraOf(string name) =>
        new Guid([.. name.PadRight(16, '-').Select(letter => (byte)letter)]).ToString("D");

    private IResult ListKeys()
    {
        var key = _key.ExportParameters(includePrivateParameters: false);
        return Json(new JsonObject
        {
            ["keys"] = new JsonArray(new JsonObject
            {
                ["kty"] = "RSA",
                ["use"] = "sig",
                ["kid"] = "k1",
                ["n"] = Base64Url.EncodeToString(key.Modulus),
                ["e"] = Base64Url.EncodeToString(key.Exponent),
                ["endorsements"] = new JsonArray("msteams"),
            }),
        });
    }

    private string Sign()
    {
        var now = TimeProvider.System.GetUtcNow();
        var head = Part(new { alg = "RS256", typ = "JWT", kid = "k1" });
        var claims = Part(new
        {
            iss = "https://api.botframework.com",
            aud = AppId,
            serviceurl = Service,
            nbf = now.ToUnixTimeSeconds(),
            exp = now.AddHours(1).ToUnixTimeSeconds(),
        });
        var signature = _key.SignData(
            Encoding.ASCII.GetBytes($"{head}.{claims}"), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{head}.{claims}.{Base64Url.EncodeToString(signature)}";
    }

    private static string Part(object part) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(part));

    private async Task<IResult> AnswerAsync(HttpContext context)
    {
        if (IsAway)
        {
            return Results.StatusCode(StatusCodes.Status500InternalServerError);
        }

        using var reader = new StreamReader(context.Request.Body);
        var text = await reader.ReadToEndAsync(context.RequestAborted);
        var path = WebUtility.UrlDecode(context.Request.Path.Value!);
        if (HttpMethods.IsGet(context.Request.Method))
        {
            return MemberOf(path.Split('/')[^1]);
        }

        var body = JsonNode.Parse(text)!.AsObject();
        if (body["activity"] is JsonObject opened)
        {
            _threads.Writer.TryWrite(opened);
            return Json(new JsonObject { ["id"] = Thread, ["activityId"] = "1" });
        }

        if (path.Contains(Thread, StringComparison.Ordinal))
        {
            _threads.Writer.TryWrite(body);
        }

        return Json(new JsonObject { ["id"] = body["members"] is JsonArray members ? $"a:{members[0]!["id"]}" : "1" });
    }

    private static IResult MemberOf(string id)
    {
        var name = Names.Single(each => id == $"29:{each}" || id == EntraOf(each));
        return Json(new JsonObject
        {
            ["id"] = $"29:{name}", ["aadObjectId"] = EntraOf(name), ["tenantId"] = Tenant, ["userRole"] = "user",
        });
    }

    private static IResult Json(JsonObject body) => Results.Text(body.ToJsonString(), "application/json");
}
