using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Countersign.EndToEnd.Agents;

/// <summary>The API of Google's Gemini, as far as Gemini CLI uses it.</summary>
internal sealed class GeminiModel : PlayedModel
{
    /// <summary>What it answers to questions of the CLI's own, which want JSON.</summary>
    private const string Judgement =
        """
        {"reasoning":"x","next_speaker":"user","model_choice":"flash","complexity_score":1,
         "complexity_reasoning":"x"}
        """;

    protected override void Map(WebApplication web) => web.MapPost("/v1beta/models/{model}", AnswerAsync);

    private async Task AnswerAsync(HttpContext context)
    {
        var method = ((string)context.Request.RouteValues["model"]!).Split(':')[^1];
        var request = await ReadAsync(context);
        if (method == "countTokens")
        {
            await WriteJsonAsync(context, new JsonObject { ["totalTokens"] = 5 });
            return;
        }

        var answer = AnswerTo(request);
        await (method == "streamGenerateContent"
            ? WriteEventsAsync(context, [answer])
            : WriteJsonAsync(context, answer));
    }

    private JsonObject AnswerTo(JsonElement request)
    {
        var offered = ToolIn(request);
        var text = request.GetRawText().Contains("\"responseMimeType\":\"application/json\"", StringComparison.Ordinal)
            ? Judgement
            : offered is null ? "Hello." : Next(ResultIn(request));
        var part = text is null
            ? new JsonObject
            {
                ["functionCall"] = new JsonObject { ["name"] = offered, ["args"] = Call.Arguments.DeepClone() },
            }
            : new JsonObject { ["text"] = text };
        return new JsonObject
        {
            ["candidates"] = new JsonArray(new JsonObject
            {
                ["content"] = new JsonObject { ["role"] = "model", ["parts"] = new JsonArray(part) },
                ["finishReason"] = "STOP",
                ["index"] = 0,
            }),
            ["usageMetadata"] = new JsonObject
            {
                ["promptTokenCount"] = 1, ["candidatesTokenCount"] = 1, ["totalTokenCount"] = 2,
            },
        };
    }

    private string? ToolIn(JsonElement request) => request.TryGetProperty("tools", out var tools)
        ? tools.EnumerateArray()
            .Where(tool => tool.TryGetProperty("functionDeclarations", out _))
            .SelectMany(tool => tool.GetProperty("functionDeclarations").EnumerateArray())
            .Select(function => function.GetProperty("name").GetString()!)
            .FirstOrDefault(name => Call.IsOffered(name, "_"))
        : null;

    /// <summary>The newest <c>functionResponse</c>, if it is what the request ends with.</summary>
    private static string? ResultIn(JsonElement request) => request.GetProperty("contents").EnumerateArray().Last()
        .GetProperty("parts").EnumerateArray()
        .Where(part => part.TryGetProperty("functionResponse", out _))
        .Select(part => part.GetProperty("functionResponse").GetProperty("response").GetRawText())
        .LastOrDefault();
}
