using System.Collections.Immutable;

namespace Countersign.Gates.Hooks;

/// <summary>The tools of each coding agent that hand their member <c>command</c> to a POSIX shell.</summary>
internal static class HookTools
{
    /// <summary>The member of a shell tool's input that holds the command line.</summary>
    public const string CommandLine = "command";

    private static readonly ImmutableDictionary<string, ImmutableHashSet<string>> s_shells =
        new Dictionary<string, ImmutableHashSet<string>>
        {
            ["claude-code"] = ["Bash"],
            ["codex"] = ["Bash", "shell"],
            ["gemini"] = ["run_shell_command"],
            ["cursor"] = ["Shell"],
            ["copilot"] = ["bash"],
        }.ToImmutableDictionary();

    public static bool IsShell(string host, string tool) =>
        s_shells.TryGetValue(host, out var tools) && tools.Contains(tool);
}
