using System.Text.Json;

namespace Countersign.Server.Cli.Hook;

/// <summary>
/// Claude Code, Codex and Gemini CLI tell their hooks the same members; only the names of events and of what they
/// are answered differ.
/// </summary>
internal abstract class SharedHost : HookHost
{
    protected abstract string BeforeEvent { get; }

    protected abstract IReadOnlyList<string> AfterEvents { get; }

    public override HookEvent Read(JsonElement told, string? eventName)
    {
        var name = FindText(told, "hook_event_name");
        if (name == "SessionStart")
        {
            return new HookEvent.Begin(FindText(told, "session_id"), FindText(told, "cwd") ?? "");
        }

        if (name is null || (name != BeforeEvent && !AfterEvents.Contains(name)))
        {
            throw UnknownEvent(name);
        }

        var use = new ToolUse(Text(told, "tool_name"), Object(told, "tool_input"))
        {
            Directory = Text(told, "cwd"),
            Session = FindText(told, "session_id"),
            Id = FindText(told, "tool_use_id"),
            Event = name,
        };
        return name == BeforeEvent ? new HookEvent.Before(use) : new HookEvent.After(use, ErrorOf(told));
    }

    public override HookOutput Write(HookAnswer answer, ToolUse? use) => answer switch
    {
        HookAnswer.Block block => Refusal(block.Reason),
        HookAnswer.Pass => HookOutput.Silence,
        HookAnswer.Approve approve => Approval(approve.Reason),
        HookAnswer.Replace replace => new HookOutput(0, Replacement(replace), ""),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>Its answer to a call that people approved as it is.</summary>
    protected abstract HookOutput Approval(string reason);

    protected abstract string Replacement(HookAnswer.Replace replace);

    protected abstract string? ErrorOf(JsonElement told);
}
