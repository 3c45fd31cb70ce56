using System.Text.Json.Nodes;

namespace Countersign.EndToEnd.Support.Conformance;

/// <summary>The suite's prompts, resources and completions.</summary>
internal static class ConformanceContent
{
    private const string TemplateStart = "test://template/";
    private const string TemplateEnd = "/data";

    public static JsonObject Answer(FixtureCall call) => call.Method switch
    {
        "prompts/list" => new JsonObject { ["prompts"] = Prompts() },
        "prompts/get" => Prompt(call),
        "resources/list" => new JsonObject
        {
            ["resources"] = new JsonArray(
                Resource("test://static-text", "text/plain"),
                Resource("test://static-binary", "image/png"),
                Resource("test://watched-resource", "text/plain")),
        },
        "resources/templates/list" => new JsonObject
        {
            ["resourceTemplates"] = new JsonArray(new JsonObject
            {
                ["uriTemplate"] = TemplateStart + "{id}" + TemplateEnd,
                ["name"] = "template",
                ["mimeType"] = "application/json",
            }),
        },
        "resources/read" => new JsonObject { ["contents"] = new JsonArray(Read((string?)call.Params["uri"] ?? "")) },
        "completion/complete" => new JsonObject
        {
            ["completion"] = new JsonObject
            {
                ["values"] = new JsonArray("test one", "test two"),
                ["total"] = 2,
                ["hasMore"] = false,
            },
        },
        _ => throw new FixtureError(-32601, $"Unknown method: {call.Method}"),
    };

    private static JsonArray Prompts() =>
    [
        Named("test_simple_prompt"),
        Named("test_prompt_with_arguments", "arg1", "arg2"),
        Named("test_prompt_with_embedded_resource", "resourceUri"),
        Named("test_prompt_with_image"),
        Named("test_input_required_result_prompt"),
    ];

    private static JsonObject Prompt(FixtureCall call)
    {
        var arguments = call.Arguments;
        return call.Name switch
        {
            "test_simple_prompt" => Messages(ConformanceTools.TextBlock("This is a simple prompt for testing.")),
            "test_prompt_with_arguments" => Messages(ConformanceTools.TextBlock(
                $"Prompt with arguments: arg1='{arguments["arg1"]}', arg2='{arguments["arg2"]}'")),
            "test_prompt_with_embedded_resource" => Messages(
                ConformanceTools.Resource(
                    (string?)arguments["resourceUri"] ?? "test://none",
                    "text/plain",
                    "Embedded resource content for testing."),
                ConformanceTools.TextBlock("Please process the embedded resource above.")),
            "test_prompt_with_image" => Messages(
                ConformanceTools.Block("image", "image/png", ConformanceTools.Image),
                ConformanceTools.TextBlock("Please analyze the image above.")),
            "test_input_required_result_prompt" => ConformanceRounds.Accepted(call, "user_context") is { } given
                ? Messages(ConformanceTools.TextBlock($"In the context of {given["context"]}."))
                : ConformanceRounds.Ask(("user_context", ConformanceRounds.Elicit(
                    "What context should the prompt use?", "context", "string"))),
            _ => throw new FixtureError(-32602, $"Unknown prompt: {call.Name}"),
        };
    }

    private static JsonObject Read(string uri)
    {
        if (uri == "test://static-binary")
        {
            return new JsonObject { ["uri"] = uri, ["mimeType"] = "image/png", ["blob"] = ConformanceTools.Image };
        }

        var (mime, text) = uri switch
        {
            "test://static-text" => ("text/plain", "This is the content of the static text resource."),
            "test://watched-resource" => ("text/plain", "This is watched."),
            _ when uri.StartsWith(TemplateStart, StringComparison.Ordinal)
                && uri.EndsWith(TemplateEnd, StringComparison.Ordinal) =>
                ("application/json", FromTemplate(uri[TemplateStart.Length..^TemplateEnd.Length])),
            _ => throw new FixtureError(-32602, "Resource not found.", new JsonObject { ["uri"] = uri }),
        };
        return new JsonObject { ["uri"] = uri, ["mimeType"] = mime, ["text"] = text };
    }

    private static string FromTemplate(string id) => new JsonObject
    {
        ["id"] = id,
        ["templateTest"] = true,
        ["data"] = $"Data for ID: {id}",
    }.ToJsonString();

    private static JsonObject Resource(string uri, string mime) =>
        new() { ["uri"] = uri, ["name"] = uri, ["mimeType"] = mime };

    private static JsonObject Named(string name, params string[] arguments) => new()
    {
        ["name"] = name,
        ["description"] = $"The prompt {name}.",
        ["arguments"] = new JsonArray([.. arguments.Select(argument =>
            new JsonObject { ["name"] = argument, ["required"] = true })]),
    };

    private static JsonObject Messages(params JsonNode[] contents) => new()
    {
        ["messages"] = new JsonArray([.. contents.Select(content =>
            new JsonObject { ["role"] = "user", ["content"] = content })]),
    };
}
