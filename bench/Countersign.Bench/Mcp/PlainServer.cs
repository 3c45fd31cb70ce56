using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.Bench.Mcp;

/// <summary>
/// The smallest MCP server: two tools that answer with a short text, over HTTP or over standard input and output. What
/// stands before it is what is measured.
/// </summary>
internal static class PlainServer
{
    private const string Hello =
        """
        {"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"plain","version":"1.0.0"}}
        """;

    private const string Tools =
        """
        {"tools":[{"name":"echo","description":"Answers.","inputSchema":{"type":"object"}},
        {"name":"restart","description":"Restarts.","inputSchema":{"type":"object"}}]}
        """;

    private const string Result = """{"content":[{"type":"text","text":"done"}],"isError":false}""";

    /// <summary>Says its address on standard output and serves until standard input ends.</summary>
    public static async Task ServeHttpAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var web = builder.Build();
        web.MapPost("/mcp", AnswerAsync);
        await web.StartAsync();
        System.Console.Out.WriteLine(web.Urls.First() + "/mcp");
        await System.Console.In.ReadToEndAsync();
    }

    public static async Task ServeStdioAsync()
    {
        while (await System.Console.In.ReadLineAsync() is { } line)
        {
            using var message = JsonDocument.Parse(line);
            if (AnswerTo(message.RootElement) is { } answer)
            {
                System.Console.Out.WriteLine(answer);
            }
        }
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        using var message = await JsonDocument.ParseAsync(
            context.Request.Body, cancellationToken: context.RequestAborted);
        if (AnswerTo(message.RootElement) is not { } answer)
        {
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            return;
        }

        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer, context.RequestAborted);
    }

    private static string? AnswerTo(JsonElement message)
    {
        if (!message.TryGetProperty("id", out var id))
        {
            return null;
        }

        var result = message.GetProperty("method").GetString() switch
        {
            "initialize" => Hello.Trim(),
            "tools/list" => Tools.ReplaceLineEndings("").Trim(),
            "tools/call" => Result,
            _ => "{}",
        };
        return $$"""{"jsonrpc":"2.0","id":{{id.GetRawText()}},"result":{{result}}}""";
    }
}
