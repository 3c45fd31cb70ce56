using System.Text.Json;

namespace Countersign.Server.Cli.Hook;

/// <summary>
/// GitHub Copilot. Its exit code 2 denies whatever is on the standard output, and the reason is read from there. It
/// does not name the event unless it is spelt as Claude Code does, so that the installed command names it.
/// </summary>
internal sealed class CopilotHost : HookHost
{
    public override string Name => "copilot";

    public override string Title => "GitHub Copilot";

    public override TimeSpan DefaultTimeout => TimeSpan.FromSeconds(30);

    public override IReadOnlyList<string> Described { get; } = ["bash", "powershell", "Bash", "PowerShell"];

    public override HookEvent Read(JsonElement told, string? eventName)
    {
        var name = FindText(told, "hook_event_name") ?? eventName;
        var session = FindText(told, "session_id") ?? FindText(told, "sessionId");
        var directory = FindText(told, "cwd") ?? "";
        if (name is "sessionStart" or "SessionStart")
        {
            return new HookEvent.Begin(session, directory);
        }

        if (name is not ("preToolUse" or "PreToolUse" or "postToolUse" or "PostToolUse"))
        {
            throw UnknownEvent(name);
        }

        var tool = FindText(told, "tool_name") ?? Text(told, "toolName");
        var use = new ToolUse(tool, InputOf(told))
        {
            Directory = directory, Session = session, Id = FindText(told, "tool_use_id"), Event = name,
        };
        return name is "preToolUse" or "PreToolUse"
            ? new HookEvent.Before(use)
            : new HookEvent.After(use, ErrorOf(told));
    }

    public override HookOutput Write(HookAnswer answer, ToolUse? use) => answer switch
    {
        HookAnswer.Block block => new HookOutput(
            Blocked, Decision("deny", block.Reason, _ => { }), Line(block.Reason) + "\n"),
        HookAnswer.Pass => HookOutput.Silence,
        HookAnswer.Approve approve => new HookOutput(0, Decision("allow", approve.Reason, _ => { }), ""),
        HookAnswer.Replace replace => new HookOutput(
            0, Decision("allow", replace.Reason, json => WriteRaw(json, "modifiedArgs", replace.Input)), ""),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static string Decision(string decision, string reason, Action<Utf8JsonWriter> more) => Json(json =>
    {
        json.WriteString("permissionDecision", decision);
        json.WriteString("permissionDecisionReason", Line(reason));
        more(json);
    });

    /// <summary>An object, or JSON in a text, depending on the version.</summary>
    private static JsonElement InputOf(JsonElement told)
    {
        if (told.TryGetProperty("tool_input", out _))
        {
            return Object(told, "tool_input");
        }

        return FindText(told, "toolArgs") is { } text ? HookInput.Parse(text) : Object(told, "toolArgs");
    }

    private static string? ErrorOf(JsonElement told) =>
        told.TryGetProperty("toolResult", out var result)
        && result.ValueKind == JsonValueKind.Object
        && FindText(result, "resultType") is { } type and not "success"
            ? $"The tool ended with '{type}'."
            : null;
}
