using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Server.Demo;

/// <summary>
/// The demo's upstream: a small MCP server (revision 2025-06-18, JSON answers) with four tools of an operations team.
/// It counts its calls, so that the demo can show what ran and what did not.
/// </summary>
internal sealed class AcmeOps : IAsyncDisposable
{
    private const string ProtocolVersion = "2025-06-18";

    private readonly WebApplication _web;
    private readonly List<string> _calls = [];

    private AcmeOps(WebApplication web) => _web = web;

    public Uri Address => new(new Uri(_web.Urls.First()), "/mcp");

    /// <summary>The tools that were called, in order.</summary>
    public IReadOnlyList<string> Calls
    {
        get
        {
            lock (_calls)
            {
                return [.. _calls];
            }
        }
    }

    public static async Task<AcmeOps> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        var web = builder.Build();
        var ops = new AcmeOps(web);
        web.MapPost("/mcp", ops.AnswerAsync);
        await web.StartAsync(cancellationToken);
        return ops;
    }

    public async ValueTask DisposeAsync()
    {
        await _web.StopAsync();
        await _web.DisposeAsync();
    }

    private async Task<IResult> AnswerAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var message = await JsonNode.ParseAsync(request.Body, cancellationToken: cancellationToken);
        var parameters = message?["params"];
        JsonNode? result = (string?)message?["method"] switch
        {
            "initialize" => Hello(),
            "tools/list" => new JsonObject { ["tools"] = Tools() },
            "tools/call" => Call((string?)parameters?["name"] ?? "", parameters?["arguments"]),
            "ping" => new JsonObject(),
            _ => null,
        };
        var id = message?["id"]?.DeepClone();
        if (id is null)
        {
            return Results.StatusCode(StatusCodes.Status202Accepted);
        }

        var answer = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = id };
        answer[result is null ? "error" : "result"] =
            result ?? new JsonObject { ["code"] = -32601, ["message"] = "Method not found" };
        return Results.Text(answer.ToJsonString(), "application/json");
    }

    private static JsonObject Hello() => new()
    {
        ["protocolVersion"] = ProtocolVersion,
        ["capabilities"] = new JsonObject { ["tools"] = new JsonObject() },
        ["serverInfo"] = new JsonObject { ["name"] = "acme-ops", ["version"] = "1.0.0" },
    };

    private static JsonArray Tools() =>
    [
        Tool("read_report", "Read a report of the operations team.", "name"),
        Tool("export_customers", "Export the customers of a country as CSV.", "country"),
        Tool("rotate_key", "Rotate an API key of a service.", "service"),
        Tool("restart_service", "Restart a service.", "service"),
    ];

    private static JsonObject Tool(string name, string description, string argument) => new()
    {
        ["name"] = name,
        ["description"] = description,
        ["inputSchema"] = JsonSerializer.SerializeToNode(new
        {
            type = "object",
            properties = new Dictionary<string, object> { [argument] = new { type = "string" } },
            required = new[] { argument },
        }),
    };

    private JsonObject Call(string tool, JsonNode? arguments)
    {
        lock (_calls)
        {
            _calls.Add(tool);
        }

        var text = tool switch
        {
            "read_report" => $"Report '{arguments?["name"]}': 3 incidents this week, all closed.",
            "export_customers" =>
                $"id,name,country\n1,Alice Liddell,{arguments?["country"]}\n" +
                $"2,Bill Lizard,{arguments?["country"]}",
            "restart_service" => $"Service '{arguments?["service"]}' was restarted.",
            _ => $"There is no tool '{tool}'.",
        };
        return new JsonObject
        {
            ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = text }),
            ["isError"] = tool is not ("read_report" or "export_customers" or "restart_service"),
        };
    }
}
