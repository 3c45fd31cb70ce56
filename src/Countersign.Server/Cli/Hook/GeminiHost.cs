using System.Text.Json;

namespace Countersign.Server.Cli.Hook;

/// <summary>
/// Gemini CLI. It gives its calls no ids. It says at what address an MCP tool is, and connects to another one where a
/// repository's settings name two (<c>url</c> and <c>httpUrl</c>): so its tools are asked for like all others.
/// </summary>
internal sealed class GeminiHost : SharedHost
{
    public override string Name => "gemini";

    public override string Title => "Gemini CLI";

    public override TimeSpan DefaultTimeout => TimeSpan.FromSeconds(60);

    public override IReadOnlyList<string> Described { get; } = ["run_shell_command"];

    protected override string BeforeEvent => "BeforeTool";

    protected override IReadOnlyList<string> AfterEvents { get; } = ["AfterTool"];

    /// <summary>
    /// An input that lacks a member which was asked: some versions write the new members over the old ones, so it would
    /// run with that member after all.
    /// </summary>
    public override bool CanReplace(ToolUse use, ReadOnlyMemory<byte> input)
    {
        var changed = HookInput.Parse(System.Text.Encoding.UTF8.GetString(input.Span));
        return use.Input.EnumerateObject().All(asked => changed.TryGetProperty(asked.Name, out _));
    }

    protected override HookOutput Approval(string reason) => new(0, Decision(reason, _ => { }), "");

    /// <summary>The whole object: it replaces all of the input although its manual says merged.</summary>
    protected override string Replacement(HookAnswer.Replace replace) => Decision(replace.Reason, json =>
    {
        json.WriteStartObject("hookSpecificOutput");
        json.WriteString("hookEventName", BeforeEvent);
        WriteRaw(json, "tool_input", replace.Input);
        json.WriteEndObject();
    });

    protected override string? ErrorOf(JsonElement told)
    {
        if (!told.TryGetProperty("tool_response", out var response)
            || response.ValueKind != JsonValueKind.Object
            || !response.TryGetProperty("error", out var error)
            || error.ValueKind is JsonValueKind.Null)
        {
            return null;
        }

        return error.ValueKind switch
        {
            JsonValueKind.String => error.GetString(),
            JsonValueKind.Object => FindText(error, "message") ?? "The tool failed.",
            _ => "The tool failed.",
        };
    }

    private static string Decision(string reason, Action<Utf8JsonWriter> more) => Json(json =>
    {
        json.WriteString("decision", "allow");
        json.WriteString("reason", Line(reason));
        more(json);
    });
}
