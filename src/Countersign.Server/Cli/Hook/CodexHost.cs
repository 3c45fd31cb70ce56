using System.Text.Json;

namespace Countersign.Server.Cli.Hook;

/// <summary>
/// Codex. An approval without a change is silence: <c>allow</c> without <c>updatedInput</c> counts as a failed hook.
/// </summary>
internal sealed class CodexHost : SharedHost
{
    public override string Name => "codex";

    public override string Title => "Codex";

    public override TimeSpan DefaultTimeout => TimeSpan.FromSeconds(600);

    public override IReadOnlyList<string> Described { get; } = [];

    protected override string BeforeEvent => "PreToolUse";

    protected override IReadOnlyList<string> AfterEvents { get; } = ["PostToolUse"];

    protected override HookOutput Approval(string reason) => HookOutput.Silence;

    protected override string Replacement(HookAnswer.Replace replace) => Json(json =>
    {
        json.WriteStartObject("hookSpecificOutput");
        json.WriteString("hookEventName", BeforeEvent);
        json.WriteString("permissionDecision", "allow");
        WriteRaw(json, "updatedInput", replace.Input);
        json.WriteEndObject();
    });

    /// <summary>It calls the hook after a success only, and tells no exit code.</summary>
    protected override string? ErrorOf(JsonElement told) => null;
}
