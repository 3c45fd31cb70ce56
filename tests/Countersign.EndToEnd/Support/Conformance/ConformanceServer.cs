using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.EndToEnd.Support.Conformance;

/// <summary>
/// An MCP server with the tools, prompts and resources that the official conformance suite asks for. It speaks
/// 2025-11-25 with its handshake and 2026-07-28 without one on the same address, written from the specification and
/// without the gate's code, so that one cannot repeat the other's mistake.
/// </summary>
internal sealed class ConformanceServer : IAsyncDisposable
{
    private const string Session = "Mcp-Session-Id";
    private const string Modern = "2026-07-28";
    private const string Meta = "io.modelcontextprotocol/";

    private static readonly string[] s_removed =
        ["initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"];

    private readonly WebApplication _web;
    private readonly FixtureQuestions _questions = new();
    private readonly ConcurrentDictionary<string, bool> _sessions = new();

    private ConformanceServer(WebApplication web) => _web = web;

    public Uri Address => new(new Uri(_web.Urls.First()), "/mcp");

    public static async Task<ConformanceServer> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        var server = new ConformanceServer(web);
        web.MapPost("/mcp", server.PostAsync);
        web.MapDelete("/mcp", server.Delete);
        await web.StartAsync(cancellationToken);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _web.StopAsync(new CancellationToken(canceled: true));
        await _web.DisposeAsync();
    }

    private async Task PostAsync(HttpContext context)
    {
        if (!IsLocal(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        var message = (await JsonNode.ParseAsync(
            context.Request.Body, cancellationToken: context.RequestAborted))!.AsObject();
        var meta = message["params"]?["_meta"];
        var isModern = context.Request.Headers["MCP-Protocol-Version"] == Modern
            || meta?[Meta + "protocolVersion"] is not null;
        if (!isModern && !TakeSession(context, (string?)message["method"] == "initialize"))
        {
            return;
        }

        if (message["method"] is null || message["id"] is null)
        {
            if (message["method"] is null)
            {
                _questions.Answer(message);
            }

            context.Response.StatusCode = StatusCodes.Status202Accepted;
            return;
        }

        var call = new FixtureCall(context, message, isModern, _questions);
        if (isModern && WhyRefused(context.Request, call, meta) is { } refusal)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            context.Response.ContentType = "application/json";
            var error = new JsonObject
            {
                ["jsonrpc"] = "2.0",
                ["id"] = message["id"]!.DeepClone(),
                ["error"] = refusal,
            };
            await context.Response.WriteAsync(error.ToJsonString());
            return;
        }

        await call.FinishAsync(await AnswerAsync(call));
    }

    private void Delete(HttpContext context)
    {
        if (TakeSession(context, opens: false))
        {
            _sessions.TryRemove(context.Request.Headers[Session].ToString(), out _);
        }
    }

    /// <summary>Opens a session or finds it; otherwise the refusal is in the response.</summary>
    private bool TakeSession(HttpContext context, bool opens)
    {
        var id = context.Request.Headers[Session].ToString();
        if (opens)
        {
            id = $"fixture-{_sessions.Count + 1}-{System.Security.Cryptography.RandomNumberGenerator.GetHexString(16)}";
            _sessions[id] = true;
            context.Response.Headers[Session] = id;
        }

        context.Response.StatusCode = (id.Length, _sessions.ContainsKey(id)) switch
        {
            (0, _) => StatusCodes.Status400BadRequest,
            (_, false) => StatusCodes.Status404NotFound,
            _ => StatusCodes.Status200OK,
        };
        return context.Response.StatusCode == StatusCodes.Status200OK;
    }

    private static async Task<JsonObject> AnswerAsync(FixtureCall call)
    {
        try
        {
            var result = await ResultAsync(call);
            if (call.IsModern)
            {
                result["resultType"] ??= "complete";
                result["_meta"] ??= new JsonObject { [Meta + "serverInfo"] = Self() };
            }

            return new JsonObject { ["result"] = result };
        }
        catch (FixtureError error)
        {
            var said = new JsonObject { ["code"] = error.Code, ["message"] = error.Message };
            if (error.RequiredData is { } data)
            {
                said["data"] = data;
            }

            return new JsonObject { ["error"] = said };
        }
    }

    private static async Task<JsonObject> ResultAsync(FixtureCall call)
    {
        if (call.IsModern && s_removed.Contains(call.Method))
        {
            throw new FixtureError(-32601, "Removed.");
        }

        var result = call.Method switch
        {
            "initialize" => new JsonObject
            {
                ["protocolVersion"] = (string?)call.Params["protocolVersion"] == "2025-06-18"
                    ? "2025-06-18"
                    : "2025-11-25",
                ["capabilities"] = Capabilities(call),
                ["serverInfo"] = Self(),
            },
            "server/discover" when call.IsModern => new JsonObject
            {
                ["supportedVersions"] = new JsonArray(Modern),
                ["capabilities"] = Capabilities(call),
            },
            "ping" or "logging/setLevel" or "resources/subscribe" or "resources/unsubscribe" => [],
            "tools/list" => new JsonObject { ["tools"] = ConformanceTools.List() },
            "tools/call" => await ConformanceTools.CallAsync(call),
            _ => ConformanceContent.Answer(call),
        };
        if (call.IsModern && call.Method is "server/discover" or "tools/list" or "prompts/list" or "resources/list"
            or "resources/templates/list" or "resources/read")
        {
            result["ttlMs"] = 1000;
            result["cacheScope"] = "private";
        }

        return result;
    }

    private static JsonObject? WhyRefused(HttpRequest request, FixtureCall call, JsonNode? meta)
    {
        var version = (string?)meta?[Meta + "protocolVersion"];
        var header = request.Headers["MCP-Protocol-Version"].ToString();
        var name = call.Method switch
        {
            "tools/call" or "prompts/get" => call.Name,
            "resources/read" => (string?)call.Params["uri"],
            _ => null,
        };
        return version switch
        {
            null => Error(-32602, "No version in _meta."),
            _ when header != version => Error(-32020, "The version differs between header and body."),
            not Modern => Error(-32022, "Unsupported version.", new JsonObject
            {
                ["supported"] = new JsonArray(Modern),
                ["requested"] = version,
            }),
            _ when meta![Meta + "clientCapabilities"] is not JsonObject => Error(-32602, "No capabilities in _meta."),
            _ when request.Headers["Mcp-Method"] != call.Method => Error(-32020, "Mcp-Method differs."),
            _ when name is not null && request.Headers["Mcp-Name"] != name => Error(-32020, "Mcp-Name differs."),
            _ when name == ConformanceTools.HeaderTool
                && Decode(request.Headers["Mcp-Param-Region"].ToString()) != (string?)call.Arguments["region"] =>
                Error(-32020, "Mcp-Param-Region differs."),
            _ => null,
        };
    }

    /// <summary>The text in a header; what is wrapped badly is no text at all.</summary>
    private static string? Decode(string header)
    {
        var wrapped = System.Text.RegularExpressions.Regex.Match(header, "^=\\?base64\\?(.*)\\?=$");
        try
        {
            return header.Length == 0 ? null
                : wrapped.Success ? Encoding.UTF8.GetString(Convert.FromBase64String(wrapped.Groups[1].Value))
                : header;
        }
        catch (FormatException)
        {
            return "";
        }
    }

    private static JsonObject Error(int code, string text, JsonObject? data = null)
    {
        var error = new JsonObject { ["code"] = code, ["message"] = text };
        if (data is not null)
        {
            error["data"] = data;
        }

        return error;
    }

    private static JsonObject Capabilities(FixtureCall call)
    {
        var capabilities = new JsonObject
        {
            ["tools"] = new JsonObject(),
            ["prompts"] = new JsonObject(),
            ["resources"] = call.IsModern ? [] : new JsonObject { ["subscribe"] = true },
            ["completions"] = new JsonObject(),
        };
        if (!call.IsModern)
        {
            capabilities["logging"] = new JsonObject();
        }

        return capabilities;
    }

    private static JsonObject Self() => new() { ["name"] = "conformance-fixture", ["version"] = "1.0.0" };

    private static bool IsLocal(HttpRequest request) =>
        IsLocal(request.Host.Host)
        && (request.Headers.Origin.ToString() is not { Length: > 0 } origin
            || Uri.TryCreate(origin, UriKind.Absolute, out var page) && IsLocal(page.Host));

    private static bool IsLocal(string host) =>
        host == "localhost" || IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address);
}
