using System.Text.Json;

namespace Countersign.Server.Cli.Hook;

/// <summary>Claude Code.</summary>
internal sealed class ClaudeCodeHost : SharedHost
{
    private const string Failure = "PostToolUseFailure";

    public override string Name => "claude-code";

    public override string Title => "Claude Code";

    public override TimeSpan DefaultTimeout => TimeSpan.FromSeconds(600);

    public override IReadOnlyList<string> Described { get; } = ["Bash", "PowerShell"];

    protected override string BeforeEvent => "PreToolUse";

    protected override IReadOnlyList<string> AfterEvents { get; } = ["PostToolUse", Failure];

    protected override HookOutput Approval(string reason) => new(0, Decision(reason, _ => { }), "");

    protected override string Replacement(HookAnswer.Replace replace) =>
        Decision(replace.Reason, json => WriteRaw(json, "updatedInput", replace.Input));

    protected override string? ErrorOf(JsonElement told) =>
        FindText(told, "hook_event_name") == Failure ? FindText(told, "error") ?? "The tool failed." : null;

    private string Decision(string reason, Action<Utf8JsonWriter> more) => Json(json =>
    {
        json.WriteStartObject("hookSpecificOutput");
        json.WriteString("hookEventName", BeforeEvent);
        json.WriteString("permissionDecision", "allow");
        json.WriteString("permissionDecisionReason", Line(reason));
        more(json);
        json.WriteEndObject();
    });
}
