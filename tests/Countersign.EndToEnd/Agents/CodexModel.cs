using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Countersign.EndToEnd.Agents;

/// <summary>The Responses API of OpenAI, as far as Codex uses it.</summary>
internal sealed class CodexModel : PlayedModel
{
    protected override void Map(WebApplication web) => web.MapPost("/v1/responses", AnswerAsync);

    private async Task AnswerAsync(HttpContext context)
    {
        var request = await ReadAsync(context);
        var text = Next(ResultIn(request));
        var item = text is null
            ? new JsonObject
            {
                ["type"] = "function_call",
                ["id"] = "fc_" + NextId(),
                ["name"] = Call.Tool,
                ["arguments"] = Call.Arguments.ToJsonString(),
                ["call_id"] = NextId(),
            }
            : new JsonObject
            {
                ["type"] = "message",
                ["id"] = "msg_1",
                ["role"] = "assistant",
                ["content"] = new JsonArray(new JsonObject { ["type"] = "output_text", ["text"] = text }),
            };
        if (text is null && !Call.IsBuiltIn)
        {
            item["namespace"] = "mcp__" + CodingAgent.Server;
        }

        await WriteEventsAsync(context,
        [
            new JsonObject { ["type"] = "response.created", ["response"] = new JsonObject { ["id"] = "resp_1" } },
            new JsonObject { ["type"] = "response.output_item.done", ["output_index"] = 0, ["item"] = item },
            new JsonObject { ["type"] = "response.completed", ["response"] = Completed() },
        ]);
    }

    private static string? ResultIn(JsonElement request) => request.GetProperty("input").EnumerateArray()
        .Where(item => item.GetProperty("type").GetString() == "function_call_output")
        .Select(item => item.GetProperty("output").GetRawText())
        .LastOrDefault();

    private static JsonObject Completed() => new()
    {
        ["id"] = "resp_1",
        ["usage"] = new JsonObject
        {
            ["input_tokens"] = 1,
            ["input_tokens_details"] = null,
            ["output_tokens"] = 1,
            ["output_tokens_details"] = null,
            ["total_tokens"] = 2,
        },
    };
}
