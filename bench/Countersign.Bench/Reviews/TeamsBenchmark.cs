using System.Buffers.Text;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.Bench.Reviews;

/// <summary>
/// How long a press in Teams takes until it is answered: its token checked, recorded and executed, and the card as it
/// is then rendered, at fifty presses a second.
/// </summary>
internal static class TeamsBenchmark
{
    private const string AppId = "11111111-2222-3333-4444-555555555555";
    private const string Channel = "19:bench@thread.tacv2";
    private const int Presses = 1000;
    private const int Warmup = 100;

    private static readonly string s_tenant = ServedProduct.TeamsAccount.Split('/')[0];
    private static readonly string s_user = ServedProduct.TeamsAccount.Split('/')[1];
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1.0 / 50);

    public static async Task<IReadOnlyList<Row>> RunAsync(Bench bench) => [await PressAsync(bench)];

    private static async Task<Row> PressAsync(Bench bench)
    {
        using var key = RSA.Create(2048);
        await using var teams = await ServeTeamsAsync(key);
        var address = new Uri(teams.Urls.First());
        await using var product = await ServedProduct.StartAsync(
            bench,
            "  sdk: { gate: api, environment: bench }",
            $$"""
            limits: { pending_per_agent: 1000000, reviews_per_agent_per_minute: 1000000 }
            channels:
              teams: { app_id: {{AppId}}, app_password: bench, tenant: {{s_tenant}}, team_channel: "{{Channel}}",
                       metadata_url: "{{address}}metadata", token_url: "{{address}}token",
                       service_urls: [ "{{address}}" ] }
            """);
        using var agent = new ReviewApi(product.Address, ServedProduct.AgentToken);
        using var http = new HttpClient { BaseAddress = product.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Sign(key, address));
        var asked = new List<JsonElement>();
        for (var i = 0; i < Presses + Warmup; i++)
        {
            asked.Add(await agent.AskAsync("restart", new { service = i }, waitSeconds: 0));
        }

        var times = new double[asked.Count];
        var start = Stopwatch.GetTimestamp();
        var pressing = new List<Task>();
        using var timer = new PeriodicTimer(s_pause);
        for (var i = 0; i < asked.Count && await timer.WaitForNextTickAsync(); i++)
        {
            pressing.Add(MeasureAsync(http, address, asked[i], times, i));
        }

        await Task.WhenAll(pressing);
        var samples = Samples.Of(times[Warmup..], Stopwatch.GetElapsedTime(start));
        return new Row(
            "press in Teams to its answer, 50 presses/s",
            $"p50 {Samples.Time(samples.P50)}, p99.9 {Samples.Time(samples.P999)}",
            "",
            Samples.Times(samples.P999 / 1_000_000),
            "p99.9 ≤ 1 s",
            samples.P999 <= 1_000_000);
    }

    private static async Task MeasureAsync(HttpClient http, Uri service, JsonElement action, double[] times, int at)
    {
        var activity = new JsonObject
        {
            ["type"] = "invoke",
            ["name"] = "adaptiveCard/action",
            ["id"] = $"f:{at}",
            ["channelId"] = "msteams",
            ["serviceUrl"] = service.AbsoluteUri,
            ["from"] = new JsonObject { ["id"] = "29:alice", ["aadObjectId"] = s_user },
            ["conversation"] = new JsonObject { ["id"] = Channel, ["tenantId"] = s_tenant },
            ["channelData"] = new JsonObject { ["tenant"] = new JsonObject { ["id"] = s_tenant } },
            ["value"] = new JsonObject
            {
                ["action"] = new JsonObject
                {
                    ["verb"] = "approve",
                    ["data"] = new JsonObject
                    {
                        ["card"] = $"{action.GetProperty("id")}.1.{action.GetProperty("digest")}",
                    },
                },
            },
        };
        using var content = new StringContent(activity.ToJsonString(), Encoding.UTF8, "application/json");
        var began = Stopwatch.GetTimestamp();
        using var answer = await http.PostAsync("/channels/teams/messages", content);
        times[at] = Stopwatch.GetElapsedTime(began).TotalMicroseconds;
        answer.EnsureSuccessStatusCode();
        var json = JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync());
        if (json.GetProperty("type").GetString() != "application/vnd.microsoft.card.adaptive")
        {
            throw new InvalidOperationException($"A press was not recorded: {json}");
        }
    }

    private static string Sign(RSA key, Uri service)
    {
        var now = TimeProvider.System.GetUtcNow();
        var head = Part(new { alg = "RS256", typ = "JWT", kid = "k1" });
        var claims = Part(new
        {
            iss = "https://api.botframework.com",
            aud = AppId,
            serviceurl = service.AbsoluteUri,
            exp = now.AddHours(1).ToUnixTimeSeconds(),
        });
        var signature = key.SignData(
            Encoding.ASCII.GetBytes($"{head}.{claims}"), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{head}.{claims}.{Base64Url.EncodeToString(signature)}";
    }

    private static string Part(object part) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(part));

    private static async Task<WebApplication> ServeTeamsAsync(RSA key)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        var shown = key.ExportParameters(includePrivateParameters: false);
        web.MapGet("/metadata", () => Json(
            $$"""{"issuer":"https://api.botframework.com","jwks_uri":"{{web.Urls.First()}}/keys"}"""));
        web.MapGet("/keys", () => Json(
            $$"""
            {"keys":[{"kty":"RSA","kid":"k1","endorsements":["msteams"],
            "n":"{{Base64Url.EncodeToString(shown.Modulus)}}","e":"{{Base64Url.EncodeToString(shown.Exponent)}}"}]}
            """));
        web.MapPost("/token", () => Json("""{"access_token":"bench","expires_in":3599}"""));
        web.MapGet("/v3/conversations/{conversation}/members/{id}", () => Json(
            $$"""{"id":"29:alice","aadObjectId":"{{s_user}}","tenantId":"{{s_tenant}}","userRole":"user"}"""));
        web.MapFallback(() => Json("""{"id":"a:1","activityId":"1"}"""));
        await web.StartAsync();
        return web;
    }

    private static IResult Json(string body) => Results.Text(body, "application/json");
}
