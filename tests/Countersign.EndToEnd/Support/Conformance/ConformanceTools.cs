using System.Text.Json.Nodes;

namespace Countersign.EndToEnd.Support.Conformance;

/// <summary>The suite's <c>test_*</c> tools.</summary>
internal static class ConformanceTools
{
    /// <summary>One red pixel.</summary>
    public const string Image =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";

    /// <summary>A WAV file without a sample.</summary>
    private const string Audio = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";

    private static readonly string[] s_plain =
    [
        "test_simple_text", "test_image_content", "test_audio_content", "test_embedded_resource",
        "test_multiple_content_types", "test_tool_with_logging", "test_error_handling", "test_tool_with_progress",
        "test_elicitation_sep1034_defaults", "test_elicitation_sep1330_enums", "test_missing_capability",
        "test_streaming_elicitation", "test_logging_tool",
    ];

    /// <summary>A tool whose argument <c>region</c> is repeated in <c>Mcp-Param-Region</c>.</summary>
    public const string HeaderTool = "test_custom_header";

    public static JsonArray List()
    {
        var names = s_plain.Concat(ConformanceRounds.Names).Concat(ConformanceTasks.Names);
        var tools = names.Select(name => Tool(name, [])).ToList();
        tools.Add(Tool("test_sampling", ["prompt"]));
        tools.Add(Tool("test_elicitation", ["message"]));
        var header = Tool(HeaderTool, ["region"]);
        header["inputSchema"]!["properties"]!["region"]!["x-mcp-header"] = "Region";
        tools.Add(header);
        tools.Add(JsonNode.Parse(
            """
            {"name":"json_schema_2020_12_tool","description":"Uses words of JSON Schema 2020-12.",
             "inputSchema":{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",
              "$defs":{"address":{"$anchor":"addressDef","type":"object",
               "properties":{"street":{"type":"string"},"city":{"type":"string"}}}},
              "properties":{"name":{"type":"string"},"address":{"$ref":"#/$defs/address"},
               "contactMethod":{"type":"string","enum":["phone","email"]},
               "phone":{"type":"string"},"email":{"type":"string"}},
              "allOf":[{"anyOf":[{"required":["phone"]},{"required":["email"]}]}],
              "if":{"properties":{"contactMethod":{"const":"phone"}},"required":["contactMethod"]},
              "then":{"required":["phone"]},"else":{"required":["email"]},
              "additionalProperties":false}}
            """)!.AsObject());
        return [.. tools];
    }

    public static async Task<JsonObject> CallAsync(FixtureCall call) => call.Name switch
    {
        "test_simple_text" => Text("This is a simple text response for testing."),
        "test_image_content" => Result(Block("image", "image/png", Image)),
        "test_audio_content" => Result(Block("audio", "audio/wav", Audio)),
        "test_embedded_resource" => Result(Resource(
            "test://embedded-resource", "text/plain", "This is an embedded resource content.")),
        "test_multiple_content_types" => Result(
            TextBlock("Multiple content types test:"),
            Block("image", "image/png", Image),
            Resource("test://mixed-content-resource", "application/json", """{"test":"data","value":123}""")),
        "test_tool_with_logging" => await LogAsync(call),
        "test_error_handling" => Failed("This tool intentionally returns an error for testing"),
        "test_tool_with_progress" => await ProgressAsync(call),
        "test_sampling" => await SampleAsync(call),
        "test_elicitation" => await ElicitAsync(call, (string?)call.Arguments["message"] ?? "?", Profile()),
        "test_elicitation_sep1034_defaults" => await ElicitAsync(call, "Defaults", Defaults()),
        "test_elicitation_sep1330_enums" => await ElicitAsync(call, "Enums", Enums()),
        "test_missing_capability" => call.Capabilities["sampling"] is null
            ? throw new FixtureError(-32021, "Sampling is needed.", new JsonObject
            {
                ["requiredCapabilities"] = new JsonObject { ["sampling"] = new JsonObject() },
            })
            : Text("The client samples."),
        "test_streaming_elicitation" or "test_logging_tool" => Text("Nothing is sent before this."),
        "json_schema_2020_12_tool" or HeaderTool => Text("Valid."),
        _ => ConformanceRounds.Call(call)
            ?? await ConformanceTasks.CallAsync(call)
            ?? throw new FixtureError(-32602, $"Unknown tool: {call.Name}"),
    };

    public static JsonObject Text(string text) => Result(TextBlock(text));

    public static JsonObject TextBlock(string text) => new() { ["type"] = "text", ["text"] = text };

    public static JsonObject Block(string type, string mime, string data) =>
        new() { ["type"] = type, ["data"] = data, ["mimeType"] = mime };

    public static JsonObject Resource(string uri, string mime, string text) => new()
    {
        ["type"] = "resource",
        ["resource"] = new JsonObject { ["uri"] = uri, ["mimeType"] = mime, ["text"] = text },
    };

    private static JsonObject Result(params JsonNode[] content) => new() { ["content"] = new JsonArray(content) };

    public static JsonObject Failed(string text)
    {
        var result = Text(text);
        result["isError"] = true;
        return result;
    }

    private static JsonObject Tool(string name, IEnumerable<string> texts) => new()
    {
        ["name"] = name,
        ["description"] = $"Does {name}.",
        ["inputSchema"] = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(texts.Select(text => KeyValuePair.Create<string, JsonNode?>(
                text, new JsonObject { ["type"] = "string" }))),
        },
    };

    private static async Task<JsonObject> LogAsync(FixtureCall call)
    {
        foreach (var text in new[] { "Tool execution started", "Tool processing data", "Tool execution completed" })
        {
            await call.NotifyAsync("notifications/message", new JsonObject { ["level"] = "info", ["data"] = text });
            await Task.Delay(50);
        }

        return Text("Logged.");
    }

    private static async Task<JsonObject> ProgressAsync(FixtureCall call)
    {
        foreach (var percent in call.Params["_meta"]?["progressToken"] is null ? [] : new[] { 0, 50, 100 })
        {
            await call.NotifyAsync("notifications/progress", new JsonObject
            {
                ["progressToken"] = call.Params["_meta"]!["progressToken"]!.DeepClone(),
                ["progress"] = percent,
                ["total"] = 100,
            });
            await Task.Delay(50);
        }

        return Text("Done.");
    }

    private static async Task<JsonObject> SampleAsync(FixtureCall call)
    {
        var answer = await call.AskAsync(
            "sampling/createMessage", ConformanceRounds.Sampling((string?)call.Arguments["prompt"] ?? "", 100));
        return Text($"LLM response: {answer["content"]!["text"]}");
    }

    private static async Task<JsonObject> ElicitAsync(FixtureCall call, string question, JsonObject properties)
    {
        var answer = await call.AskAsync("elicitation/create", ConformanceRounds.Form(question, properties));
        return Text($"Elicitation completed: action={answer["action"]}, content={answer["content"]?.ToJsonString()}");
    }

    private static JsonObject Profile() => JsonNode.Parse(
        """{"username":{"type":"string"},"email":{"type":"string"}}""")!.AsObject();

    private static JsonObject Defaults() => JsonNode.Parse(
        """
        {"name":{"type":"string","default":"John Doe"},"age":{"type":"integer","default":30},
         "score":{"type":"number","default":95.5},
         "status":{"type":"string","enum":["active","inactive","pending"],"default":"active"},
         "verified":{"type":"boolean","default":true}}
        """)!.AsObject();

    private static JsonObject Enums() => JsonNode.Parse(
        """
        {"untitledSingle":{"type":"string","enum":["option1","option2","option3"]},
         "titledSingle":{"type":"string","oneOf":[{"const":"value1","title":"First Option"},
          {"const":"value2","title":"Second Option"},{"const":"value3","title":"Third Option"}]},
         "legacyEnum":{"type":"string","enum":["opt1","opt2","opt3"],
          "enumNames":["Option One","Option Two","Option Three"]},
         "untitledMulti":{"type":"array","items":{"type":"string","enum":["option1","option2","option3"]}},
         "titledMulti":{"type":"array","items":{"anyOf":[{"const":"value1","title":"First Choice"},
          {"const":"value2","title":"Second Choice"},{"const":"value3","title":"Third Choice"}]}}}
        """)!.AsObject();
}
