using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Countersign.Tests.Identity.Tokens;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.SignIn;

/// <summary>
/// An identity provider on a real socket, strict about what it is asked: the one client, its secret, its redirect
/// address, PKCE, codes that work once. Tests change what it answers.
/// </summary>
internal sealed class ProviderDouble : IAsyncDisposable
{
    public const string ClientId = "countersign";
    public const string ClientSecret = "a secret of the client";

    private readonly WebApplication _app;
    private readonly Dictionary<string, Question> _codes = [];
    private int _number;

    private ProviderDouble()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapGet("/.well-known/openid-configuration", () => Json(Document()));
        _app.MapGet("/keys", () =>
        {
            KeysRead++;
            return IsDown ? Results.StatusCode(503) : Results.Text(Signer.KeySet, "application/json");
        });
        _app.MapGet("/authorize", Authorize);
        // As a delegate of its own kind: as a RequestDelegate its result would be dropped.
        _app.MapPost("/token", (Func<HttpContext, Task<IResult>>)TokenAsync);
        _app.MapGet("/userinfo", UserInfo);
    }

    public string Issuer => _app.Urls.First();

    public TestSigner Signer { get; set; } = new("k1");

    /// <summary>Who is signed in at the provider.</summary>
    public string User { get; set; } = "sub-alice";

    public List<string> Groups { get; } = [];

    /// <summary>Whom it does not know any more.</summary>
    public HashSet<string> Gone { get; } = [];

    public bool IsDown { get; set; }

    public int KeysRead { get; private set; }

    /// <summary>Whether groups are in the ID token, or on the page about the person only.</summary>
    public bool PutsGroupsIntoToken { get; set; } = true;

    public bool GivesRefreshTokens { get; set; } = true;

    /// <summary>What a test does to the claims of the ID token.</summary>
    public Action<JsonObject>? AlterClaims { get; set; }

    /// <summary>How a test signs it.</summary>
    public Func<JsonObject, string>? Sign { get; set; }

    /// <summary>What a test does to the parameters that the browser comes back with.</summary>
    public Action<Dictionary<string, string>>? AlterAnswer { get; set; }

    public static async Task<ProviderDouble> StartAsync()
    {
        var provider = new ProviderDouble();
        await provider._app.StartAsync(TestContext.Current.CancellationToken);
        return provider;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        Signer.Dispose();
    }

    private JsonObject Document() => new()
    {
        ["issuer"] = Issuer,
        ["authorization_endpoint"] = $"{Issuer}/authorize",
        ["token_endpoint"] = $"{Issuer}/token",
        ["userinfo_endpoint"] = $"{Issuer}/userinfo",
        ["jwks_uri"] = $"{Issuer}/keys",
        ["authorization_response_iss_parameter_supported"] = true,
    };

    private IResult Authorize(HttpContext context)
    {
        string Asked(string name) => context.Request.Query[name].ToString();
        if (Asked("response_type") != "code" || Asked("client_id") != ClientId
            || Asked("code_challenge_method") != "S256" || !Asked("scope").Split(' ').Contains("openid")
            || Asked("state").Length < 32 || Asked("nonce").Length < 32)
        {
            return Results.BadRequest();
        }

        var code = $"code-{++_number}";
        _codes[code] = new Question(Asked("redirect_uri"), Asked("code_challenge"), Asked("nonce"));
        var answer = new Dictionary<string, string>
        {
            ["code"] = code, ["state"] = Asked("state"), ["iss"] = Issuer,
        };
        AlterAnswer?.Invoke(answer);
        var query = string.Join('&', answer.Select(each => $"{each.Key}={WebUtility.UrlEncode(each.Value)}"));
        return Results.Redirect($"{Asked("redirect_uri")}?{query}");
    }

    private async Task<IResult> TokenAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var client = Convert.ToBase64String(
            Encoding.UTF8.GetBytes($"{ClientId}:{Uri.EscapeDataString(ClientSecret)}"));
        if (IsDown)
        {
            return Results.StatusCode(503);
        }

        if (context.Request.Headers.Authorization != $"Basic {client}")
        {
            return Refuse("invalid_client");
        }

        return form["grant_type"].ToString() switch
        {
            "authorization_code" when _codes.Remove(form["code"].ToString(), out var asked)
                && asked.Redirect == form["redirect_uri"]
                && asked.Challenge == TestSigner.Text(
                    SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString()))) =>
                Answer(User, asked.Nonce),
            "refresh_token" when form["refresh_token"].ToString() is ['r', ':', .. var user] && !Gone.Contains(user) =>
                Answer(user, nonce: null),
            _ => Refuse("invalid_grant"),
        };
    }

    private IResult UserInfo(HttpContext context)
    {
        var user = context.Request.Headers.Authorization.ToString().Replace("Bearer a:", "", StringComparison.Ordinal);
        if (IsDown)
        {
            return Results.StatusCode(503);
        }

        return Gone.Contains(user)
            ? Results.Unauthorized()
            : Json(new JsonObject { ["sub"] = user, ["groups"] = GroupList() });
    }

    private IResult Answer(string user, string? nonce)
    {
        var now = TimeProvider.System.GetUtcNow();
        var claims = new JsonObject
        {
            ["iss"] = Issuer,
            ["aud"] = ClientId,
            ["sub"] = user,
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.AddMinutes(5).ToUnixTimeSeconds(),
        };
        if (nonce is not null)
        {
            claims["nonce"] = nonce;
        }

        if (PutsGroupsIntoToken)
        {
            claims["groups"] = GroupList();
        }

        AlterClaims?.Invoke(claims);
        var answer = new JsonObject
        {
            ["access_token"] = $"a:{user}",
            ["token_type"] = "Bearer",
            ["expires_in"] = 300,
            ["id_token"] = Sign?.Invoke(claims) ?? Signer.Sign(claims),
        };
        if (GivesRefreshTokens)
        {
            answer["refresh_token"] = $"r:{user}";
        }

        return Json(answer);
    }

    private JsonArray GroupList() => new([.. Groups.Select(group => (JsonNode)group)]);

    private static IResult Refuse(string error) =>
        Results.Text(new JsonObject { ["error"] = error }.ToJsonString(), "application/json", Encoding.UTF8, 400);

    private static IResult Json(JsonObject json) => Results.Text(json.ToJsonString(), "application/json");

    private sealed record Question(string Redirect, string Challenge, string Nonce);
}
