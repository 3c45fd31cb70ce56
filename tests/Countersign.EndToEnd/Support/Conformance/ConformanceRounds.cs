using System.Text.Json.Nodes;

namespace Countersign.EndToEnd.Support.Conformance;

/// <summary>The tools that ask for input and get it with the repeated call (2026-07-28).</summary>
internal static class ConformanceRounds
{
    private const string Stem = "test_input_required_result_";

    public static IEnumerable<string> Names { get; } = new[]
    {
        "elicitation", "sampling", "list_roots", "request_state", "multiple_inputs", "multi_round", "tampered_state",
        "capabilities",
    }.Select(name => Stem + name);

    /// <summary>The result of one of them; <c>null</c> for other tools.</summary>
    public static JsonObject? Call(FixtureCall call)
    {
        if (call.Name?.StartsWith(Stem, StringComparison.Ordinal) != true)
        {
            return null;
        }

        return call.Name[Stem.Length..] switch
        {
            "elicitation" => Accepted(call, "user_name") is { } name
                ? ConformanceTools.Text($"Hello, {name["name"]}!")
                : Ask(("user_name", Elicit("What is your name?", "name", "string"))),
            "sampling" => Response(call, "capital_question") is { } said
                ? ConformanceTools.Text($"{said["content"]?["text"]}")
                : Ask(("capital_question", Sample("What is the capital of France?", 100))),
            "list_roots" => Response(call, "client_roots") is { } roots
                ? ConformanceTools.Text($"Roots: {roots["roots"]?.ToJsonString()}")
                : Ask(("client_roots", Roots())),
            "request_state" or "tampered_state" => Confirm(call),
            "multiple_inputs" => Multiple(call),
            "multi_round" => Steps(call),
            "capabilities" => Ask([.. Possible(call)]),
            _ => null,
        };
    }

    public static JsonObject Ask(params (string Key, JsonObject Question)[] questions) => new()
    {
        ["resultType"] = "input_required",
        ["inputRequests"] = new JsonObject(questions.Select(
            asked => KeyValuePair.Create<string, JsonNode?>(asked.Key, asked.Question))),
    };

    public static JsonObject Elicit(string question, string field, string type) => new()
    {
        ["method"] = "elicitation/create",
        ["params"] = Form(question, new JsonObject { [field] = new JsonObject { ["type"] = type } }, field),
    };

    public static JsonObject Form(string question, JsonObject properties, params string[] required) => new()
    {
        ["mode"] = "form",
        ["message"] = question,
        ["requestedSchema"] = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = properties,
            ["required"] = new JsonArray([.. required.Select(name => (JsonNode)name)]),
        },
    };

    public static JsonObject Sampling(string prompt, int tokens) => new()
    {
        ["messages"] = new JsonArray(new JsonObject
        {
            ["role"] = "user",
            ["content"] = ConformanceTools.TextBlock(prompt),
        }),
        ["maxTokens"] = tokens,
    };

    /// <summary>What the client gave for a form; <c>null</c> when it gave nothing of use.</summary>
    public static JsonObject? Accepted(FixtureCall call, string key) => Response(call, key)?["content"] as JsonObject;

    private static JsonObject? Response(FixtureCall call, string key) =>
        (call.Params["inputResponses"] as JsonObject)?[key] as JsonObject;

    private static JsonObject Sample(string prompt, int tokens) =>
        new() { ["method"] = "sampling/createMessage", ["params"] = Sampling(prompt, tokens) };

    private static JsonObject Roots() => new() { ["method"] = "roots/list", ["params"] = new JsonObject() };

    private static JsonObject Confirm(FixtureCall call)
    {
        if (call.Params["requestState"] is null)
        {
            return WithState(Ask(("confirm", Elicit("Please confirm", "ok", "boolean"))), call.Name! + ":1");
        }

        Check(call, call.Name! + ":1");
        return ConformanceTools.Text("state-ok");
    }

    private static JsonObject Multiple(FixtureCall call)
    {
        if (call.Params["requestState"] is null)
        {
            return WithState(
                Ask(
                    ("user_name", Elicit("What is your name?", "name", "string")),
                    ("greeting", Sample("Generate a greeting", 50)),
                    ("client_roots", Roots())),
                "multiple:1");
        }

        Check(call, "multiple:1");
        return ConformanceTools.Text("All there.");
    }

    private static JsonObject Steps(FixtureCall call)
    {
        if (call.Params["requestState"] is null)
        {
            return WithState(Ask(("step1", Elicit("Step 1: What is your name?", "name", "string"))), "step:1");
        }

        if (Accepted(call, "step1") is not null)
        {
            Check(call, "step:1");
            return WithState(
                Ask(("step2", Elicit("Step 2: What is your favorite color?", "color", "string"))), "step:2");
        }

        Check(call, "step:2");
        return ConformanceTools.Text("Both steps are done.");
    }

    private static IEnumerable<(string Key, JsonObject Question)> Possible(FixtureCall call)
    {
        if (call.Capabilities["sampling"] is not null)
        {
            yield return ("greeting", Sample("Generate a greeting", 50));
        }

        if (call.Capabilities["elicitation"] is not null)
        {
            yield return ("user_name", Elicit("What is your name?", "name", "string"));
        }
    }

    private static JsonObject WithState(JsonObject result, string state)
    {
        result["requestState"] = state;
        return result;
    }

    private static void Check(FixtureCall call, string state)
    {
        if ((string?)call.Params["requestState"] != state)
        {
            throw new FixtureError(-32602, "This state was not given out.");
        }
    }
}
