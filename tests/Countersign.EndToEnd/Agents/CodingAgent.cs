using System.Runtime.InteropServices;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd.Agents;

/// <summary>
/// A public coding agent as its users run it without a terminal: its own program, its own configuration files in a home
/// of its own, and nothing of the environment of the tests.
/// </summary>
internal abstract class CodingAgent(Uri gate, string token) : IDisposable
{
    /// <summary>The gate's name in every agent's configuration.</summary>
    public const string Server = "t";

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("countersign-agent-");

    /// <summary>
    /// How long the agent waits for one call, by the setting that each has for that; <c>null</c> leaves it out, as
    /// people do who set nothing.
    /// </summary>
    public int? LimitSeconds { get; init; }

    protected Uri Gate { get; } = gate;

    protected string Token { get; } = token;

    protected string Home => _home.FullName;

    /// <summary>Linux packages carry the architecture in their names.</summary>
    protected static string Architecture { get; } =
        RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "x64";

    public abstract PlayedModel ModelFor(ToolCall call);

    /// <summary>Runs it to its end with a prompt that does not matter, because the model is played.</summary>
    public Task<ProgramResult> RunAsync(Uri model, CancellationToken cancellationToken)
    {
        Configure(model);
        var path = $"{Path.GetDirectoryName(Repository.NodeProgram("node"))}:/usr/local/bin:/usr/bin:/bin";
        string[] environment =
        [
            "-i", $"HOME={Home}", $"PATH={path}", "NO_PROXY=127.0.0.1", "TERM=dumb", .. Variables(model),
        ];
        return RunningProgram.RunAsync(
            new ProgramOptions("env", [.. environment, .. Command]) { WorkingDirectory = Home }, cancellationToken);
    }

    public void Dispose() => _home.Delete(recursive: true);

    /// <summary>Program and arguments.</summary>
    protected abstract IEnumerable<string> Command { get; }

    protected abstract IEnumerable<string> Variables(Uri model);

    /// <summary>Writes the files it reads below its home.</summary>
    protected abstract void Configure(Uri model);

    /// <summary>The limit as Claude Code and Gemini CLI write it, in milliseconds.</summary>
    protected string Timeout => LimitSeconds is { } seconds ? $"\"timeout\":{seconds * 1000}," : "";

    protected void Write(string name, string text)
    {
        var path = Path.Combine(Home, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}

/// <summary>Claude Code; its limit is the server's <c>timeout</c>, a wall clock that progress does not move.</summary>
internal sealed class ClaudeCode(Uri gate, string token) : CodingAgent(gate, token)
{
    protected override IEnumerable<string> Command =>
    [
        Repository.AgentFile($"@anthropic-ai/claude-code-linux-{Architecture}/claude"),
        "-p", "go", "--output-format", "json", "--mcp-config", Path.Combine(Home, "mcp.json"), "--strict-mcp-config",
        "--allowedTools", $"mcp__{Server}__restart_service",
    ];

    public override PlayedModel ModelFor(ToolCall call) => new ClaudeModel { Call = call };

    protected override IEnumerable<string> Variables(Uri model) =>
    [
        $"ANTHROPIC_BASE_URL={model.AbsoluteUri.TrimEnd('/')}", "ANTHROPIC_API_KEY=dummy",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "DISABLE_AUTOUPDATER=1", "ENABLE_TOOL_SEARCH=false",
        "MCP_TIMEOUT=60000",
    ];

    protected override void Configure(Uri model) => Write(
        "mcp.json",
        $$"""
        {"mcpServers":{"{{Server}}":{"type":"http","url":"{{Gate}}",{{Timeout}}
          "headers":{"Authorization":"Bearer {{Token}}"} } } }
        """);
}

/// <summary>
/// Codex; its limit is <c>tool_timeout_sec</c>. <c>required</c> makes it begin only when it knows the gate's tools.
/// </summary>
internal sealed class Codex(Uri gate, string token) : CodingAgent(gate, token)
{
    private static readonly string Triple =
        (Architecture == "arm64" ? "aarch64" : "x86_64") + "-unknown-linux-musl";

    protected override IEnumerable<string> Command =>
    [
        Repository.AgentFile($"@openai/codex-linux-{Architecture}/vendor/{Triple}/bin/codex"),
        "exec", "--skip-git-repo-check", "go",
    ];

    public override PlayedModel ModelFor(ToolCall call) => new CodexModel { Call = call };

    protected override IEnumerable<string> Variables(Uri model) =>
        [$"CODEX_HOME={Path.Combine(Home, "codex")}", "MOCK_KEY=x", $"COUNTERSIGN_TOKEN={Token}"];

    protected override void Configure(Uri model) => Write(
        "codex/config.toml",
        $"""
        model = "gpt-mock"
        model_provider = "mock"
        approval_policy = "never"

        [model_providers.mock]
        name = "mock"
        base_url = "{model}v1"
        wire_api = "responses"
        env_key = "MOCK_KEY"

        [mcp_servers.{Server}]
        url = "{Gate}"
        bearer_token_env_var = "COUNTERSIGN_TOKEN"
        {(LimitSeconds is { } seconds ? $"tool_timeout_sec = {seconds}" : "")}
        default_tools_approval_mode = "approve"
        required = true
        startup_timeout_sec = 60

        [analytics]
        enabled = false

        """);
}

/// <summary>Gemini CLI; its limit is the server's <c>timeout</c>.</summary>
internal sealed class GeminiCli(Uri gate, string token) : CodingAgent(gate, token)
{
    protected override IEnumerable<string> Command =>
    [
        Repository.NodeProgram("node"), Repository.AgentFile("@google/gemini-cli/bundle/gemini.js"),
        "-y", "-m", "gemini-2.5-flash", "-p", "go",
    ];

    public override PlayedModel ModelFor(ToolCall call) => new GeminiModel { Call = call };

    protected override IEnumerable<string> Variables(Uri model) =>
        ["GEMINI_API_KEY=x", $"GOOGLE_GEMINI_BASE_URL={model.AbsoluteUri.TrimEnd('/')}", "NO_BROWSER=1"];

    protected override void Configure(Uri model) => Write(
        ".gemini/settings.json",
        $$"""
        {"security":{"auth":{"selectedType":"gemini-api-key"},"folderTrust":{"enabled":false} },
         "mcpServers":{"{{Server}}":{"httpUrl":"{{Gate}}","trust":true,{{Timeout}}
          "headers":{"Authorization":"Bearer {{Token}}"} } },
         "privacy":{"usageStatisticsEnabled":false},"telemetry":{"enabled":false} }
        """);
}
