using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Countersign.EndToEnd.Agents;

/// <summary>The Messages API of Anthropic, as far as Claude Code uses it.</summary>
internal sealed class ClaudeModel : PlayedModel
{
    protected override void Map(WebApplication web)
    {
        web.MapPost("/v1/messages", AnswerAsync);
        web.MapPost("/v1/messages/count_tokens", context =>
            WriteJsonAsync(context, new JsonObject { ["input_tokens"] = 10 }));
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var request = await ReadAsync(context);
        var offered = request.TryGetProperty("tools", out var tools)
            ? tools.EnumerateArray().Select(tool => tool.GetProperty("name").GetString()!)
                .FirstOrDefault(name => Call.IsOffered(name, "__"))
            : null;
        var text = offered is null ? "Hello." : Next(ResultIn(request));
        var block = text is null
            ? new JsonObject
            {
                ["type"] = "tool_use",
                ["id"] = "toolu_" + NextId(),
                ["name"] = offered,
                ["input"] = Call.Arguments.DeepClone(),
            }
            : new JsonObject { ["type"] = "text", ["text"] = text };
        if (request.TryGetProperty("stream", out var stream) && stream.ValueKind == JsonValueKind.True)
        {
            await WriteEventsAsync(context, EventsOf(block));
            return;
        }

        var message = MessageOf([block.DeepClone()]);
        message["stop_reason"] = StopOf(block);
        await WriteJsonAsync(context, message);
    }

    /// <summary>The text of the newest block <c>tool_result</c>, in the last message.</summary>
    private static string? ResultIn(JsonElement request)
    {
        var content = request.GetProperty("messages").EnumerateArray().Last().GetProperty("content");
        return content.ValueKind == JsonValueKind.Array
            ? content.EnumerateArray()
                .Where(block => block.GetProperty("type").GetString() == "tool_result")
                .Select(block => block.GetProperty("content").GetRawText())
                .LastOrDefault()
            : null;
    }

    private static IEnumerable<JsonObject> EventsOf(JsonObject block)
    {
        var isCall = (string?)block["type"] == "tool_use";
        var begun = (JsonObject)block.DeepClone();
        begun[isCall ? "input" : "text"] = isCall ? new JsonObject() : "";
        var delta = isCall
            ? new JsonObject { ["type"] = "input_json_delta", ["partial_json"] = block["input"]!.ToJsonString() }
            : new JsonObject { ["type"] = "text_delta", ["text"] = (string?)block["text"] };
        yield return new JsonObject { ["type"] = "message_start", ["message"] = MessageOf([]) };
        yield return new JsonObject
        {
            ["type"] = "content_block_start", ["index"] = 0, ["content_block"] = begun,
        };
        yield return new JsonObject { ["type"] = "content_block_delta", ["index"] = 0, ["delta"] = delta };
        yield return new JsonObject { ["type"] = "content_block_stop", ["index"] = 0 };
        yield return new JsonObject
        {
            ["type"] = "message_delta",
            ["delta"] = new JsonObject { ["stop_reason"] = StopOf(block), ["stop_sequence"] = null },
            ["usage"] = new JsonObject { ["output_tokens"] = 1 },
        };
        yield return new JsonObject { ["type"] = "message_stop" };
    }

    private static JsonObject MessageOf(JsonArray content) => new()
    {
        ["id"] = "msg_1",
        ["type"] = "message",
        ["role"] = "assistant",
        ["model"] = "played",
        ["content"] = content,
        ["stop_reason"] = null,
        ["stop_sequence"] = null,
        ["usage"] = new JsonObject { ["input_tokens"] = 1, ["output_tokens"] = 1 },
    };

    private static string StopOf(JsonObject block) => (string?)block["type"] == "tool_use" ? "tool_use" : "end_turn";
}
