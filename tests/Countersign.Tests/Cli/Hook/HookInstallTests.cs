using System.Diagnostics;
using System.Text.Json.Nodes;
using Countersign.Server.Cli;
using Countersign.Server.Cli.Hook;
using Countersign.Server.Cli.Hook.Install;
using Countersign.Tests.Support;

namespace Countersign.Tests.Cli.Hook;

/// <summary>What is installed, and that nothing else of a settings file changes.</summary>
public sealed class HookInstallTests : IDisposable
{
    private const string Program = "/opt/countersign/countersign";

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Hosts => HookBlockTests.Hosts;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private HookPlaces Places => new(
        name => name == "HOME" ? _folder.PathOf("home") : null, _folder.PathOf("project"), _folder.PathOf("system"));

    [Theory]
    [InlineData("claude-code", "user", "home/.claude/settings.json", "PreToolUse", 600)]
    [InlineData("claude-code", "project", "project/.claude/settings.json", "PreToolUse", 600)]
    [InlineData("codex", "user", "home/.codex/hooks.json", "PreToolUse", 600)]
    [InlineData("codex", "project", "project/.codex/hooks.json", "PreToolUse", 600)]
    [InlineData("gemini", "user", "home/.gemini/settings.json", "BeforeTool", 600_000)]
    [InlineData("gemini", "project", "project/.gemini/settings.json", "BeforeTool", 600_000)]
    public void Both_time_limits_are_one_number(string host, string scope, string path, string before, int timeout)
    {
        Install(host, scope);

        var group = Assert.Single(Read(path)["hooks"]![before]!.AsArray())!;
        Assert.Equal(".*", (string)group["matcher"]!);
        var hook = Assert.Single(group["hooks"]!.AsArray())!;
        Assert.Equal(timeout, (int)hook["timeout"]!);
        var command = (string)hook["command"]!;
        Assert.Contains($"\"{Program}\" hook {host} --target laptop --timeout 600 ", command, StringComparison.Ordinal);
        Assert.Equal(host == "claude-code" ? "block" : null, (string?)hook["onFailure"]);
    }

    [Fact]
    public void Cursor_fails_closed_and_Copilot_is_told_the_event()
    {
        Install("cursor", "user");
        Install("copilot", "project");

        var cursor = Read("home/.cursor/hooks.json");
        Assert.Equal(1, (int)cursor["version"]!);
        var before = Assert.Single(cursor["hooks"]!["preToolUse"]!.AsArray())!;
        Assert.True((bool)before["failClosed"]!);
        Assert.Equal(600, (int)before["timeout"]!);
        var copilot = Assert.Single(
            Read("project/.github/hooks/countersign.json")["hooks"]!["preToolUse"]!.AsArray())!;
        Assert.Equal(600, (int)copilot["timeoutSec"]!);
        Assert.Contains("--event preToolUse", (string)copilot["bash"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("claude-code", "PreToolUse,PostToolUse,PostToolUseFailure,SessionStart")]
    [InlineData("codex", "PreToolUse,PostToolUse,SessionStart")]
    [InlineData("gemini", "BeforeTool,AfterTool,SessionStart")]
    [InlineData("cursor", "preToolUse,postToolUse,postToolUseFailure,sessionStart")]
    [InlineData("copilot", "preToolUse,postToolUse,sessionStart")]
    public void The_outcome_and_the_beginning_of_sessions_are_installed_too(string host, string events)
    {
        Install(host, "user");

        var path = HookPlan.Of(HookHost.Find(host)!).PathOf(HookScope.User, Places);
        Assert.Equal(events.Split(','), HookSettings.Read(path, host).Installed.Select(each => each.Event));
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task Installing_twice_is_installing_once(string host)
    {
        var path = HookPlan.Of(HookHost.Find(host)!).PathOf(HookScope.User, Places);
        foreach (var target in (string?[])["laptop", null])
        {
            var command = new HookCommandLine(Program, HookBench.OptionsOf(host) with
            {
                Target = target, Credentials = null, Timeout = HookInstaller.Timeout,
            });
            HookInstaller.Install(command, HookScope.User, Places);
            var first = File.ReadAllText(path);

            Assert.Contains(
                "already", HookInstaller.Install(command, HookScope.User, Places), StringComparison.Ordinal);
            Assert.Equal(first, File.ReadAllText(path));
            Assert.DoesNotContain(await FindingsAsync(host), IsDrift);
        }
    }

    [Fact]
    public void Everything_else_stays_as_it_is_and_an_older_hook_of_ours_goes()
    {
        const string Text =
            """
            {
              "model": "ünï & <b>",
              "hooks": {
                "PreToolUse": [
                  { "matcher": "Bash", "hooks": [ { "type": "command", "command": "lint" } ] },
                  { "matcher": ".*", "hooks": [ { "type": "command", "timeout": 9,
                    "command": "/old/countersign hook claude-code --timeout 9" } ] },
                  { "matcher": "Edit", "hooks": [ { "type": "command", "command": "format" } ] }
                ],
                "Stop": [ { "hooks": [ { "type": "command", "command": "say done" } ] } ]
              },
              "permissions": { "deny": ["Read(.env)"] }
            }
            """;
        var path = _folder.PathOf("home/.claude/settings.json");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, Text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var shown = Install("claude-code", "user");

        var (before, after) = (JsonNode.Parse(Text)!, Read("home/.claude/settings.json"));
        var entries = after["hooks"]!["PreToolUse"]!.AsArray();
        Assert.Equal(["Bash", ".*", "Edit"], entries.Select(entry => (string)entry!["matcher"]!));
        Assert.True(JsonNode.DeepEquals(before["hooks"]!["PreToolUse"]![0], entries[0]));
        Assert.True(JsonNode.DeepEquals(before["hooks"]!["Stop"], after["hooks"]!["Stop"]));
        Assert.True(JsonNode.DeepEquals(before["permissions"], after["permissions"]));
        Assert.Contains("\"ünï & <b>\"", File.ReadAllText(path), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Contains("- ", shown, StringComparison.Ordinal);
        Assert.Contains("/old/countersign", shown, StringComparison.Ordinal);
        Assert.Contains("\n+ ", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ // a comment\n }")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"hooks":[]}""")]
    [InlineData("""{"hooks":{"PreToolUse":{}}}""")]
    [InlineData("""
        {"hooks":{"PreToolUse":[{"hooks":[{"command":"lint"},{"command":"/x/countersign hook claude-code"}]}]}}
        """)]
    public void A_file_that_would_lose_something_is_left_alone(string text)
    {
        var path = _folder.PathOf("home/.claude/settings.json");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);

        Assert.Throws<CommandFailure>(() => Install("claude-code", "user"));
        Assert.Equal(text, File.ReadAllText(path));
    }

    [Fact]
    public void Managed_settings_of_Claude_Code_let_no_other_hooks_run()
    {
        Assert.SkipWhen(OperatingSystem.IsMacOS(), "The path is another one there.");
        Install("claude-code", "managed");

        var settings = Read("system/etc/claude-code/managed-settings.d/50-countersign.json");
        Assert.True((bool)settings["allowManagedHooksOnly"]!);
    }

    [Theory]
    [InlineData("/opt/a'b/countersign")]
    [InlineData("/opt/$x/countersign")]
    [InlineData("/opt/\"x/countersign")]
    [InlineData("/opt/a;b/countersign")]
    public void A_path_that_a_shell_would_read_otherwise_is_refused(string program)
    {
        var command = new HookCommandLine(program, HookBench.OptionsOf("codex"));

        Assert.Throws<CommandFailure>(() => HookInstaller.Install(command, HookScope.User, Places));
    }

    [Fact]
    public void A_time_limit_that_leaves_no_time_is_refused()
    {
        var options = HookBench.OptionsOf("codex") with { Timeout = TimeSpan.FromSeconds(19) };

        Assert.Throws<CommandFailure>(
            () => HookInstaller.Install(new HookCommandLine(Program, options), HookScope.User, Places));
    }

    /// <summary>After each of these exit codes some agent would run the tool.</summary>
    [Theory]
    [InlineData("exit 0", 0, "")]
    [InlineData("echo why >&2; exit 2", 2, "why\n")]
    [InlineData("exit 1", 2, "Countersign: the hook could not run, so the tool was not run.\n")]
    [InlineData("exit 131", 2, "Countersign: the hook could not run, so the tool was not run.\n")]
    [InlineData("kill -9 $$", 2, "Countersign: the hook could not run, so the tool was not run.\n")]
    [InlineData(null, 2, "Countersign: the hook could not run, so the tool was not run.\n")]
    public async Task The_installed_command_blocks_however_the_program_ends(string? script, int code, string errors)
    {
        var program = _folder.PathOf("countersign");
        if (script is not null)
        {
            File.WriteAllText(program, $"#!/bin/sh\n{script}\n");
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        var command = new HookCommandLine(program, HookBench.OptionsOf("claude-code")) { Runtime = "/opt/dot net" };
        using var run = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command.Before()])
        {
            RedirectStandardError = true, RedirectStandardOutput = true,
        })!;
        var said = await run.StandardError.ReadToEndAsync(Cancelled);
        await run.WaitForExitAsync(Cancelled);

        Assert.Equal(code, run.ExitCode);
        Assert.EndsWith(errors, said, StringComparison.Ordinal);
        Assert.Equal(code == 0, said.Length == 0);
        Assert.Equal("", await run.StandardOutput.ReadToEndAsync(Cancelled));
    }

    [Theory]
    [InlineData("claude-code", 2, "", "This is the probe of 'countersign hook', which is refused on purpose.", true)]
    [InlineData("claude-code", 2, "", "The server cannot be reached.", false)]
    [InlineData("claude-code", 2, "", "", false)]
    [InlineData("claude-code", 0, "", "", false)]
    [InlineData("codex", 127, "", "not found", false)]
    [InlineData("gemini", 1, "", "refused on purpose", false)]
    [InlineData("cursor", 0, """{"permission":"deny","user_message":"refused on purpose"}""", "", true)]
    [InlineData("cursor", 0, """{"permission":"allow"}""", "", false)]
    [InlineData("copilot", 2, "{}", "refused on purpose", true)]
    public void The_doctor_believes_only_a_refusal_by_the_server_in_the_agents_form(
        string host, int code, string output, string errors, bool isProof) =>
        Assert.Equal(isProof, DoctorOf(host).Judge(code, output, errors).Refused);

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task The_probe_is_a_call_as_the_agent_tells_it(string host)
    {
        using var bench = new HookBench();

        await bench.RunAsync(host, HookDoctor.ProbeOf(HookHost.Find(host)!, "/src"), Cancelled);

        Assert.Equal(
            "countersign_probe", bench.Server.Calls[0].Body!.Value.GetProperty("operation").GetString());
    }

    [Theory]
    [InlineData("claude-code", "home/.claude/settings.json", """{"disableAllHooks":true}""", "disableAllHooks")]
    [InlineData("gemini", "home/.gemini/settings.json", """{"hooksConfig":{"enabled":false}}""", "hooksConfig.enabled")]
    public async Task The_doctor_sees_hooks_that_are_switched_off(string host, string path, string text, string word)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.PathOf(path))!);
        File.WriteAllText(_folder.PathOf(path), text);

        var findings = await FindingsAsync(host);

        var failures = findings.Where(finding => finding.Ok == false).Select(finding => finding.Text).ToList();
        Assert.Contains(failures, text => text.Contains(word, StringComparison.Ordinal));
        Assert.Contains(failures, text => text.Contains("--install", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task What_was_just_installed_has_not_drifted(string host)
    {
        var command = new HookCommandLine(Program, HookBench.OptionsOf(host) with
        {
            Target = "laptop", Credentials = "/etc/counter sign/hook.json", Timeout = TimeSpan.FromSeconds(90),
        })
        {
            Runtime = "/opt/dot net",
        };
        HookInstaller.Install(command, HookScope.User, Places);

        Assert.DoesNotContain(await FindingsAsync(host), IsDrift);
    }

    /// <summary>The probe would be refused all the same.</summary>
    [Theory]
    [InlineData("claude-code", "\"matcher\": \".*\"", "\"matcher\": \"NoSuchTool\"")]
    [InlineData("claude-code", "\"timeout\": 600", "\"timeout\": 1")]
    [InlineData("claude-code", "\"onFailure\": \"block\"", "\"onFailure\": \"ignore\"")]
    [InlineData("claude-code", "PostToolUseFailure", "PostToolUseOther")]
    [InlineData("claude-code", "--timeout 600", "--timeout 6000")]
    [InlineData("claude-code", "exit 2; }", "exit 0; }")]
    [InlineData("codex", "\"matcher\": \".*\"", "\"matcher\": \"Bash\"")]
    [InlineData("gemini", "600000", "6000")]
    [InlineData("cursor", "\"failClosed\": true", "\"failClosed\": false")]
    [InlineData("copilot", "\"timeoutSec\": 600", "\"timeoutSec\": 5")]
    public async Task The_doctor_finds_what_was_changed_since_the_installation(string host, string from, string to)
    {
        Install(host, "user");
        var path = HookPlan.Of(HookHost.Find(host)!).PathOf(HookScope.User, Places);
        var text = File.ReadAllText(path);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(from, to, StringComparison.Ordinal));

        Assert.Contains(await FindingsAsync(host), IsDrift);
    }

    [Theory]
    [InlineData("project/.claude/settings.local.json")]
    [InlineData("system/etc/claude-code/managed-settings.json")]
    public async Task Hooks_can_be_switched_off_beside_the_file_that_they_are_in(string path)
    {
        Assert.SkipWhen(OperatingSystem.IsMacOS(), "The path is another one there.");
        Install("claude-code", "user");
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.PathOf(path))!);
        File.WriteAllText(_folder.PathOf(path), """{"disableAllHooks":true}""");

        Assert.Contains(
            await FindingsAsync("claude-code"),
            finding => finding.Ok == false && finding.Text.Contains("disableAllHooks", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Managed_hooks_of_Codex_are_written_once_and_never_over_others()
    {
        var path = _folder.PathOf("system/etc/codex/requirements.toml");

        var shown = Install("codex", "managed");

        var text = File.ReadAllText(path);
        Assert.StartsWith("allow_managed_hooks_only = true\n", text, StringComparison.Ordinal);
        Assert.Equal(3, text.Split("matcher = \".*\"").Length - 1);
        Assert.Contains("timeout = 600\n", text, StringComparison.Ordinal);
        Assert.Contains("+ [[hooks.PreToolUse]]", shown, StringComparison.Ordinal);
        Assert.Contains("already", Install("codex", "managed"), StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(path));
        Assert.DoesNotContain(await FindingsAsync("codex"), IsDrift);
        Assert.Equal(
            new HookCommandLine(Program, HookBench.OptionsOf("codex") with { Timeout = TimeSpan.FromSeconds(600) })
                .Before(),
            CodexRequirements.CommandIn(text));

        File.WriteAllText(path, text + "[[hooks.Stop.hooks]]\ncommand = \"say \\e done\"\n");
        Assert.DoesNotContain(await FindingsAsync("codex"), IsDrift);

        File.WriteAllText(path, text.Replace("timeout = 600", "timeout = 6", StringComparison.Ordinal));
        Assert.Contains(await FindingsAsync("codex"), IsDrift);
        var refusal = Assert.Throws<CommandFailure>(() => Install("codex", "managed"));
        Assert.Contains("[[hooks.PreToolUse]]", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("timeout = 6\n", File.ReadAllText(path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2.1.294 (Claude Code)", false)]
    [InlineData("2.1.295 (Claude Code)", true)]
    [InlineData("2.2.0 (Claude Code)", true)]
    [InlineData("what?", true)]
    [InlineData(null, true)]
    public async Task An_agent_that_lets_tools_past_its_hooks_gets_no_settings_that_say_otherwise(
        string? version, bool isInstalled)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || OperatingSystem.IsMacOS(), "A shell stands for the agent.");
        var bin = Directory.CreateDirectory(_folder.PathOf("bin")).FullName;
        if (version is not null)
        {
            var program = Path.Combine(bin, "claude");
            File.WriteAllText(program, $"#!/bin/sh\necho '{version}'\n");
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        var places = Places with { Variable = name => name == "PATH" ? bin : Places.Variable(name) };
        var command = new HookCommandLine(Program, HookBench.OptionsOf("claude-code"));

        HookInstaller.Install(command, HookScope.User, places);
        var found = await new HookDoctor(HookHost.Find("claude-code")!, places, (Program, null)).RunAsync(Cancelled);
        Assert.Equal(!isInstalled, found.Any(finding =>
            finding.Ok == false && finding.Text.Contains("2.1.294", StringComparison.Ordinal)));
        if (isInstalled)
        {
            HookInstaller.Install(command, HookScope.Managed, places);
        }
        else
        {
            Assert.Throws<CommandFailure>(() => HookInstaller.Install(command, HookScope.Managed, places));
        }

        Assert.Equal(isInstalled, Directory.Exists(_folder.PathOf("system/etc")));
    }

    public void Dispose() => _folder.Dispose();

    private static bool IsDrift((bool? Ok, string Text) finding) =>
        finding.Ok == false && finding.Text.Contains("is not what --install writes", StringComparison.Ordinal);

    private HookDoctor DoctorOf(string host) => new(HookHost.Find(host)!, Places, (Program, null));

    private Task<IReadOnlyList<(bool? Ok, string Text)>> FindingsAsync(string host) =>
        DoctorOf(host).RunAsync(Cancelled);

    private string Install(string host, string scope) => HookInstaller.Install(
        new HookCommandLine(Program, HookBench.OptionsOf(host)),
        Enum.Parse<HookScope>(scope, ignoreCase: true),
        Places);

    private JsonNode Read(string path) => JsonNode.Parse(File.ReadAllText(_folder.PathOf(path)))!;
}
