using System.Text.Json;

namespace Countersign.Server.Cli.Hook;

/// <summary>
/// Cursor. It reads a reason only from JSON with exit code 0; every other end than 0 and 2 blocks because the installed
/// hook says <c>failClosed</c>.
/// </summary>
internal sealed class CursorHost : HookHost
{
    private const string Tool = "preToolUse";

    private static readonly string[] s_after =
        ["postToolUse", "postToolUseFailure", "afterShellExecution", "afterMCPExecution"];

    public override string Name => "cursor";

    public override string Title => "Cursor";

    public override TimeSpan DefaultTimeout => TimeSpan.FromSeconds(60);

    public override IReadOnlyList<string> Described { get; } = ["Shell"];

    /// <summary>Only one of its events takes another input.</summary>
    public override bool CanReplace(ToolUse use, ReadOnlyMemory<byte> input) => use.Event == Tool;

    public override HookEvent Read(JsonElement told, string? eventName)
    {
        var name = FindText(told, "hook_event_name");
        switch (name)
        {
            case "sessionStart":
                return new HookEvent.Begin(FindText(told, "conversation_id"), DirectoryOf(told));
            case Tool or "beforeMCPExecution":
                return new HookEvent.Before(ToolOf(told, name));
            case "beforeShellExecution":
                return new HookEvent.Before(ShellOf(told, name));
            case "afterShellExecution":
                return new HookEvent.After(ShellOf(told, name), Error: null);
            case not null when s_after.Contains(name):
                return new HookEvent.After(ToolOf(told, name), ErrorOf(told, name));
            default:
                throw UnknownEvent(name);
        }
    }

    public override HookOutput Write(HookAnswer answer, ToolUse? use) => answer switch
    {
        HookAnswer.Block block => new HookOutput(0, Denial(block.Reason), ""),
        HookAnswer.Pass => new HookOutput(0, Json(json => json.WriteString("permission", "allow")), ""),
        HookAnswer.Approve => new HookOutput(0, Json(json => json.WriteString("permission", "allow")), ""),
        HookAnswer.Replace replace => new HookOutput(0, Json(json =>
        {
            json.WriteString("permission", "allow");
            WriteRaw(json, "updated_input", replace.Input);
        }), ""),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static string Denial(string reason) => Json(json =>
    {
        json.WriteString("permission", "deny");
        json.WriteString("user_message", Line(reason));
        json.WriteString("agent_message", Line(reason));
    });

    private static ToolUse ToolOf(JsonElement told, string name) => new(Text(told, "tool_name"), InputOf(told))
    {
        Directory = DirectoryOf(told),
        Session = FindText(told, "conversation_id"),
        Id = FindText(told, "tool_use_id"),
        McpServer = Uri.TryCreate(FindText(told, "url"), UriKind.Absolute, out var url) ? url : null,
        Event = name,
    };

    private static ToolUse ShellOf(JsonElement told, string name)
    {
        var input = Json(json => json.WriteString("command", Text(told, "command")));
        return new ToolUse("Shell", JsonElement.Parse(input))
        {
            Directory = DirectoryOf(told), Session = FindText(told, "conversation_id"), Event = name,
        };
    }

    /// <summary>For MCP it is JSON in a text.</summary>
    private static JsonElement InputOf(JsonElement told) =>
        FindText(told, "tool_input") is { } text ? HookInput.Parse(text) : Object(told, "tool_input");

    private static string DirectoryOf(JsonElement told)
    {
        if (FindText(told, "cwd") is { Length: > 0 } directory)
        {
            return directory;
        }

        return told.TryGetProperty("workspace_roots", out var roots)
            && roots.ValueKind == JsonValueKind.Array
            && roots.GetArrayLength() > 0
            && roots[0].ValueKind == JsonValueKind.String
                ? roots[0].GetString()!
                : "";
    }

    private static string? ErrorOf(JsonElement told, string name) => name == "postToolUseFailure"
        ? FindText(told, "error_message") ?? FindText(told, "error") ?? "The tool failed."
        : null;
}
