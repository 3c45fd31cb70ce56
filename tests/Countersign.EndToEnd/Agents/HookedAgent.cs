using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd.Agents;

/// <summary>
/// A coding agent that has no gate in its configuration: its own tools run on this machine, and the hook that
/// <c>countersign hook CLIENT --install</c> wrote into its settings asks before each of them. The hook finds the server
/// and the token in a file of the user's, since an agent need not pass its environment on.
/// </summary>
internal abstract class HookedAgent(Uri server, string token) : CodingAgent(server, token)
{
    /// <summary>Writes and prints numbers that are not in the command; the tool that ran left them in a file.</summary>
    public static string CommandLine(int first) => $"seq -s - {first} {first + 2} >> marker; cat marker";

    public static string Printed(int first) => $"{first}-{first + 1}-{first + 2}";

    /// <summary>What the tool has written; <c>null</c> when it did not run.</summary>
    public string? Marker => File.Exists(MarkerFile) ? File.ReadAllText(MarkerFile).Trim() : null;

    /// <summary>The agent's name on the command line.</summary>
    public abstract string Client { get; }

    private string MarkerFile => Path.Combine(Home, "marker");

    /// <summary>The call of the agent's own shell.</summary>
    public abstract ToolCall Shell(string command, string result);

    /// <summary>Runs a command of the product as the agent's user would.</summary>
    public Task<ProgramResult> HookAsync(CancellationToken cancellationToken, params string[] arguments) =>
        RunningProgram.RunAsync(
            new ProgramOptions(
                "env",
                [
                    "-i", $"HOME={Home}", "PATH=/usr/bin:/bin", $"DOTNET_ROOT={Repository.DotNet}", .. Folders,
                    Repository.Binary, "hook", Client, .. arguments,
                ])
            {
                WorkingDirectory = Home,
            },
            cancellationToken);

    /// <summary>Installs the hook with a time limit, in settings that hold something already.</summary>
    public async Task InstallAsync(int seconds, CancellationToken cancellationToken)
    {
        const string Credentials = ".config/countersign/hook.json";
        Write(Credentials, $$"""{"url":"{{Gate}}","token":"{{Token}}"}""");
        File.SetUnixFileMode(Path.Combine(Home, Credentials), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Prepare();
        var installed = await HookAsync(cancellationToken, "--install", "--timeout", $"{seconds}");
        Assert.True(installed.ExitCode == 0, installed.ToString());
    }

    /// <summary>Variables by which the agent's settings are found.</summary>
    protected virtual IEnumerable<string> Folders => [];

    /// <summary>Settings from before the hook.</summary>
    protected virtual void Prepare()
    {
        // Most need none.
    }

    protected override void Configure(Uri model)
    {
        // The installed hook must stay what it is.
    }
}

/// <summary>Claude Code without any permission of its own: what runs, runs because people approved it.</summary>
internal sealed class HookedClaudeCode(Uri server, string token) : HookedAgent(server, token)
{
    public override string Client => "claude-code";

    protected override IEnumerable<string> Command =>
    [
        Repository.AgentFile($"@anthropic-ai/claude-code-linux-{Architecture}/claude"),
        "-p", "go", "--output-format", "json",
    ];

    public override ToolCall Shell(string command, string result) =>
        new("Bash", new() { ["command"] = command, ["description"] = "Count" }, result) { IsBuiltIn = true };

    public override PlayedModel ModelFor(ToolCall call) => new ClaudeModel { Call = call };

    protected override IEnumerable<string> Variables(Uri model) =>
    [
        $"ANTHROPIC_BASE_URL={model.AbsoluteUri.TrimEnd('/')}", "ANTHROPIC_API_KEY=dummy",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "DISABLE_AUTOUPDATER=1", "ENABLE_TOOL_SEARCH=false",
    ];
}

/// <summary>Codex, which asks nobody by itself and is told to trust hooks that nobody has looked at.</summary>
internal sealed class HookedCodex(Uri server, string token) : HookedAgent(server, token)
{
    private static readonly string Triple =
        (Architecture == "arm64" ? "aarch64" : "x86_64") + "-unknown-linux-musl";

    public override string Client => "codex";

    protected override IEnumerable<string> Command =>
    [
        Repository.AgentFile($"@openai/codex-linux-{Architecture}/vendor/{Triple}/bin/codex"),
        "exec", "--skip-git-repo-check", "--dangerously-bypass-hook-trust", "go",
    ];

    protected override IEnumerable<string> Folders => [$"CODEX_HOME={Path.Combine(Home, "codex")}"];

    public override ToolCall Shell(string command, string result) =>
        new("exec_command", new() { ["cmd"] = command }, result) { IsBuiltIn = true };

    public override PlayedModel ModelFor(ToolCall call) => new CodexModel { Call = call };

    protected override IEnumerable<string> Variables(Uri model) => [.. Folders, "MOCK_KEY=x"];

    protected override void Configure(Uri model) => Write(
        "codex/config.toml",
        $"""
        model = "gpt-mock"
        model_provider = "mock"
        approval_policy = "never"
        sandbox_mode = "danger-full-access"

        [model_providers.mock]
        name = "mock"
        base_url = "{model}v1"
        wire_api = "responses"
        env_key = "MOCK_KEY"

        [analytics]
        enabled = false

        """);
}

/// <summary>Gemini CLI, which approves everything by itself.</summary>
internal sealed class HookedGeminiCli(Uri server, string token) : HookedAgent(server, token)
{
    public override string Client => "gemini";

    protected override IEnumerable<string> Command =>
    [
        Repository.NodeProgram("node"), Repository.AgentFile("@google/gemini-cli/bundle/gemini.js"),
        "-y", "-m", "gemini-2.5-flash", "-p", "go",
    ];

    public override ToolCall Shell(string command, string result) =>
        new("run_shell_command", new() { ["command"] = command, ["description"] = "Count" }, result)
        {
            IsBuiltIn = true,
        };

    public override PlayedModel ModelFor(ToolCall call) => new GeminiModel { Call = call };

    protected override IEnumerable<string> Variables(Uri model) =>
        ["GEMINI_API_KEY=x", $"GOOGLE_GEMINI_BASE_URL={model.AbsoluteUri.TrimEnd('/')}", "NO_BROWSER=1"];

    protected override void Prepare() => Write(
        ".gemini/settings.json",
        """
        {"security":{"auth":{"selectedType":"gemini-api-key"},"folderTrust":{"enabled":false} },
         "privacy":{"usageStatisticsEnabled":false},"telemetry":{"enabled":false} }
        """);
}
