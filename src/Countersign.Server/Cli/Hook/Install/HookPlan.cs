using System.Text.Json.Nodes;

namespace Countersign.Server.Cli.Hook.Install;

/// <summary>Where each coding agent keeps its hooks and how it writes them.</summary>
internal abstract class HookPlan
{
    /// <summary>Every tool; a list of names would let through the one that it lacks (THR-081).</summary>
    private const string Everything = ".*";

    public static HookPlan Of(HookHost host) => host switch
    {
        ClaudeCodeHost => new ClaudeCode(),
        CodexHost => new Codex(),
        GeminiHost => new Gemini(),
        CursorHost => new Cursor(),
        CopilotHost => new Copilot(),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>The event before a tool runs, as the settings spell it.</summary>
    public abstract string BeforeEvent { get; }

    /// <summary>What cannot be had from this agent's hooks, for the doctor and for people.</summary>
    public abstract IReadOnlyList<string> Gaps { get; }

    public abstract string PathOf(HookScope scope, HookPlaces places);

    public abstract void Write(HookSettings settings, HookCommandLine command, HookScope scope);

    /// <summary>Why the settings switch every hook off; <c>null</c> when they do not.</summary>
    public virtual string? SwitchedOff(JsonObject settings) => null;

    /// <summary>The program, and its first version whose hooks nothing gets past; <c>null</c> without one.</summary>
    public virtual (string Program, Version Least)? Enforces => null;

    /// <summary>Further files in which hooks can be switched off.</summary>
    public virtual IEnumerable<string> SwitchesOf(HookPlaces places) => [];

    private static JsonObject Group(JsonObject hook) =>
        new() { ["matcher"] = Everything, ["hooks"] = new JsonArray(hook) };

    private static JsonObject Hook(string command, int timeout) =>
        new() { ["type"] = "command", ["command"] = command, ["timeout"] = timeout };

    private sealed class ClaudeCode : HookPlan
    {
        public override string BeforeEvent => "PreToolUse";

        public override IReadOnlyList<string> Gaps { get; } =
        [
            "files that a prompt names with @ are read without a tool",
            "before version 2.1.295 a hook that exceeds its time limit lets the tool run",
        ];

        public override string PathOf(HookScope scope, HookPlaces places) => scope switch
        {
            HookScope.User => places.OfUser("CLAUDE_CONFIG_DIR", ".claude", "settings.json"),
            HookScope.Project => places.OfProject(".claude/settings.json"),
            _ => places.OfSystem(OperatingSystem.IsMacOS()
                ? "Library/Application Support/ClaudeCode/managed-settings.d/50-countersign.json"
                : "etc/claude-code/managed-settings.d/50-countersign.json"),
        };

        public override void Write(HookSettings settings, HookCommandLine command, HookScope scope)
        {
            if (scope == HookScope.Managed)
            {
                settings.Root["allowManagedHooksOnly"] = true;
            }

            var before = Hook(command.Before(), (int)command.Options.Timeout.TotalSeconds);
            before["onFailure"] = "block";
            settings.Put(BeforeEvent, Group(before));
            settings.Put("PostToolUse", Group(Hook(command.After(), HookSettings.NoteSeconds)));
            settings.Put("PostToolUseFailure", Group(Hook(command.After(), HookSettings.NoteSeconds)));
            settings.Put(
                "SessionStart",
                new JsonObject { ["hooks"] = new JsonArray(Hook(command.After(), HookSettings.NoteSeconds)) });
        }

        public override (string Program, Version Least)? Enforces => ("claude", new Version(2, 1, 295));

        public override IEnumerable<string> SwitchesOf(HookPlaces places) =>
        [
            places.OfProject(".claude/settings.local.json"),
            places.OfSystem(OperatingSystem.IsMacOS()
                ? "Library/Application Support/ClaudeCode/managed-settings.json"
                : "etc/claude-code/managed-settings.json"),
        ];

        public override string? SwitchedOff(JsonObject settings) =>
            settings["disableAllHooks"]?.ToJsonString() == "true" ? "disableAllHooks is true" : null;
    }

    private sealed class Codex : HookPlan
    {
        public override string BeforeEvent => "PreToolUse";

        public override IReadOnlyList<string> Gaps { get; } =
        [
            "a hook that nobody trusted, or that changed since, is skipped without a word: trust it with /hooks",
            "only shell, apply_patch, wait and MCP tools call hooks; other tools of Codex do not",
            "a hook that exceeds its time limit lets the tool run",
        ];

        public override string PathOf(HookScope scope, HookPlaces places) => scope switch
        {
            HookScope.User => places.OfUser("CODEX_HOME", ".codex", "hooks.json"),
            HookScope.Project => places.OfProject(".codex/hooks.json"),
            _ => throw new CommandFailure(
                ExitCode.Usage,
                "Codex takes managed hooks from /etc/codex/requirements.toml, which is not JSON."),
        };

        public override void Write(HookSettings settings, HookCommandLine command, HookScope scope)
        {
            settings.Put(
                BeforeEvent, Group(Hook(command.Before(), (int)command.Options.Timeout.TotalSeconds)));
            settings.Put("PostToolUse", Group(Hook(command.After(), HookSettings.NoteSeconds)));
            settings.Put("SessionStart", Group(Hook(command.After(), HookSettings.NoteSeconds)));
        }
    }

    private sealed class Gemini : HookPlan
    {
        private const int Milliseconds = 1000;

        public override string BeforeEvent => "BeforeTool";

        public override IReadOnlyList<string> Gaps { get; } =
        [
            "its user can switch hooks off with /hooks disable",
            "a hook that exceeds its time limit lets the tool run",
        ];

        public override string PathOf(HookScope scope, HookPlaces places) => scope switch
        {
            HookScope.User => places.OfUser("GEMINI_CLI_HOME", "", ".gemini/settings.json"),
            HookScope.Project => places.OfProject(".gemini/settings.json"),
            _ => places.OfSystem(OperatingSystem.IsMacOS()
                ? "Library/Application Support/GeminiCli/settings.json"
                : "etc/gemini-cli/settings.json"),
        };

        public override void Write(HookSettings settings, HookCommandLine command, HookScope scope)
        {
            settings.Put(
                BeforeEvent,
                Group(Named(command.Before(), (int)command.Options.Timeout.TotalMilliseconds)));
            settings.Put("AfterTool", Group(Named(command.After(), HookSettings.NoteSeconds * Milliseconds)));
            settings.Put("SessionStart", Group(Named(command.After(), HookSettings.NoteSeconds * Milliseconds)));
        }

        public override string? SwitchedOff(JsonObject settings) =>
            settings["hooksConfig"]?["enabled"]?.ToJsonString() == "false" ? "hooksConfig.enabled is false" : null;

        private static JsonObject Named(string command, int timeout)
        {
            var hook = Hook(command, timeout);
            hook.Insert(1, "name", "countersign");
            return hook;
        }
    }

    private sealed class Cursor : HookPlan
    {
        public override string BeforeEvent => "preToolUse";

        public override IReadOnlyList<string> Gaps { get; } =
        [
            "tested against its documentation only",
            "hooks of a project run in trusted workspaces only",
        ];

        public override string PathOf(HookScope scope, HookPlaces places) => scope switch
        {
            HookScope.User => Path.Combine(places.Home, ".cursor/hooks.json"),
            HookScope.Project => places.OfProject(".cursor/hooks.json"),
            _ => places.OfSystem(OperatingSystem.IsMacOS()
                ? "Library/Application Support/Cursor/hooks.json"
                : "etc/cursor/hooks.json"),
        };

        public override void Write(HookSettings settings, HookCommandLine command, HookScope scope)
        {
            settings.Root["version"] ??= 1;
            settings.Put(BeforeEvent, new JsonObject
            {
                ["command"] = command.Before(),
                ["timeout"] = (int)command.Options.Timeout.TotalSeconds,
                ["failClosed"] = true,
            });
            foreach (var name in (string[])["postToolUse", "postToolUseFailure", "sessionStart"])
            {
                settings.Put(
                    name, new JsonObject { ["command"] = command.After(), ["timeout"] = HookSettings.NoteSeconds });
            }
        }
    }

    private sealed class Copilot : HookPlan
    {
        public override string BeforeEvent => "preToolUse";

        public override IReadOnlyList<string> Gaps { get; } =
        [
            "tested against its documentation only",
            "a hook that exceeds its time limit lets the tool run, whatever its settings say",
        ];

        public override string PathOf(HookScope scope, HookPlaces places) => scope switch
        {
            HookScope.User => Path.Combine(places.Home, ".copilot/hooks/countersign.json"),
            HookScope.Project => places.OfProject(".github/hooks/countersign.json"),
            _ => places.OfSystem("etc/github-copilot/policy.d/countersign.json"),
        };

        public override void Write(HookSettings settings, HookCommandLine command, HookScope scope)
        {
            settings.Root["version"] ??= 1;
            settings.Put(BeforeEvent, Entry(
                command.Before(BeforeEvent), (int)command.Options.Timeout.TotalSeconds));
            foreach (var name in (string[])["postToolUse", "sessionStart"])
            {
                settings.Put(name, Entry(command.After(name), HookSettings.NoteSeconds));
            }
        }

        private static JsonObject Entry(string command, int timeout) =>
            new() { ["type"] = "command", ["bash"] = command, ["timeoutSec"] = timeout };
    }
}
