using System.Diagnostics;
using System.Text.Json;
using Countersign.Gates.Hooks;

namespace Countersign.Server.Cli.Hook.Install;

/// <summary>
/// <c>countersign hook CLIENT --doctor</c>: runs what is really installed, as the agent would, with a call that the
/// server refuses on purpose, and says where a hook is advice rather than a fence.
/// </summary>
/// <remarks>
/// Settings may come with a repository. So nothing of theirs runs but a command that <c>--install</c> writes, with the
/// program and runtime that are running here.
/// </remarks>
internal sealed class HookDoctor(HookHost host, HookPlaces places, (string Program, string? Runtime) own)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>What an agent's hook has of the environment in the worst case.</summary>
    private static readonly string[] s_kept = ["HOME", "PATH", "XDG_CONFIG_HOME", "XDG_STATE_HOME"];

    private readonly HookPlan _plan = HookPlan.Of(host);

    /// <summary>Whether any settings hold this hook.</summary>
    public bool IsInstalled => (places.Variable("HOME") is not null && Paths().Any(each => HasHook(each.Path)))
        || (host is CodexHost && File.Exists(CodexRequirements.PathOf(places))
            && CodexRequirements.CommandIn(File.ReadAllText(CodexRequirements.PathOf(places))) is not null);

    /// <summary>The findings; a note is none that fails.</summary>
    public async Task<IReadOnlyList<(bool? Ok, string Text)>> RunAsync(CancellationToken cancellationToken)
    {
        var findings = new List<(bool? Ok, string Text)>();
        foreach (var path in _plan.SwitchesOf(places).Where(File.Exists))
        {
            findings.AddRange(LookForSwitch(path));
        }

        foreach (var (scope, path) in Paths().Where(each => File.Exists(each.Path)))
        {
            findings.AddRange(await LookAtAsync(scope, path, cancellationToken));
        }

        if (host is CodexHost && File.Exists(CodexRequirements.PathOf(places)))
        {
            findings.AddRange(await LookAtRequirementsAsync(CodexRequirements.PathOf(places), cancellationToken));
        }

        if (_plan.Enforces is { } enforces && AgentVersion.Find(enforces.Program, places) is { } version
            && version < enforces.Least)
        {
            findings.Add((false, AgentVersion.TooOld(host, version, enforces.Least)));
        }

        if (!findings.Any(finding => finding.Ok == true))
        {
            findings.Add((false, $"{host.Title}: no hook is proven; run 'countersign hook {host.Name} --install'"));
        }

        findings.AddRange(_plan.Gaps.Select(gap => ((bool?)null, $"{host.Title}: {gap}")));
        findings.Add((null, $"{host.Title}: a hook runs among the agent's own processes. It is a fence, not a wall: "
            + "what must not happen without approval needs a credential that only the gateway has"));
        return findings;
    }

    private async Task<List<(bool? Ok, string Text)>> LookAtAsync(
        HookScope scope, string path, CancellationToken cancellationToken)
    {
        var findings = new List<(bool? Ok, string Text)>();
        HookSettings settings;
        try
        {
            settings = HookSettings.Read(path, host.Name);
        }
        catch (CommandFailure unreadable)
        {
            return [(false, unreadable.Message)];
        }

        if (_plan.SwitchedOff(settings.Root) is { } off)
        {
            findings.Add((false, $"{path}: {off}, so that no hook runs at all"));
        }

        if (settings.Installed.Any() && HookDrift.Of(settings, host, scope) is { } drift)
        {
            findings.Add((false, $"{path}: this hook is not what --install writes, so a probe proves little; {drift}"));
        }

        foreach (var (name, command) in settings.Installed.Where(each => each.Event == _plan.BeforeEvent))
        {
            var (refused, text) = await ProbeAsync(command, cancellationToken);
            findings.Add((refused, $"{path}: {name}: {text}"));
            if (refused && scope != HookScope.Managed)
            {
                findings.Add((null, $"{path}: advisory, since whoever can edit this file can take the hook out; "
                    + "--scope managed writes it where the agent's user cannot"));
            }
        }

        return findings;
    }

    private async Task<List<(bool? Ok, string Text)>> LookAtRequirementsAsync(
        string path, CancellationToken cancellationToken)
    {
        var text = await File.ReadAllTextAsync(path, cancellationToken);
        if (CodexRequirements.CommandIn(text) is not { } command)
        {
            return [];
        }

        var findings = new List<(bool? Ok, string Text)>();
        if (HookCommandLine.TryRead(command, host) is not { } installed
            || CodexRequirements.HasDrifted(text, installed))
        {
            findings.Add((false, $"{path}: this hook is not what --install writes, so a probe proves little"));
        }

        var (refused, said) = await ProbeAsync(command, cancellationToken);
        findings.Add((refused, $"{path}: {_plan.BeforeEvent}: {said}"));
        return findings;
    }

    /// <summary>A file that only says whether hooks run.</summary>
    private List<(bool? Ok, string Text)> LookForSwitch(string path)
    {
        try
        {
            return _plan.SwitchedOff(HookSettings.Read(path, host.Name).Root) is { } off
                ? [(false, $"{path}: {off}, so that no hook runs at all")]
                : [];
        }
        catch (CommandFailure unreadable)
        {
            return [(false, unreadable.Message)];
        }
    }

    /// <summary>What cannot be read is for the doctor of that agent to say, when somebody asks.</summary>
    private bool HasHook(string path)
    {
        try
        {
            return File.Exists(path) && HookSettings.Read(path, host.Name).Installed.Any();
        }
        catch (Exception unreadable) when (unreadable is CommandFailure or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private IEnumerable<(HookScope Scope, string Path)> Paths()
    {
        foreach (var scope in Enum.GetValues<HookScope>())
        {
            // What Codex calls managed is no JSON.
            if (scope != HookScope.Managed || host is not CodexHost)
            {
                yield return (scope, _plan.PathOf(scope, places));
            }
        }
    }

    /// <summary>Why a command is not run; <c>null</c> when it is our own.</summary>
    private string? WhyNotOurs(string command)
    {
        if (HookCommandLine.TryRead(command, host) is not { } installed)
        {
            return "it is no command that --install writes";
        }

        try
        {
            installed.Check();
        }
        catch (CommandFailure strange)
        {
            return strange.Message.TrimEnd('.');
        }

        return installed.Program != own.Program ? $"it starts '{installed.Program}', and this is '{own.Program}'"
            : (installed.Runtime ?? own.Runtime) != own.Runtime ? $"it takes its runtime from '{installed.Runtime}'"
            : null;
    }

    private async Task<(bool Refused, string Text)> ProbeAsync(string command, CancellationToken cancellationToken)
    {
        if (WhyNotOurs(command) is { } strange)
        {
            return (false, Core.Reviews.DisplayText.OneLine(
                $"not proven, and not run: {strange}. Install it again, or ask the doctor of that program").Text);
        }

        var start = new ProcessStartInfo("/bin/sh", ["-c", command])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var name in s_kept.Where(name => places.Variable(name) is not null))
        {
            start.Environment[name] = places.Variable(name);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_patience);
        using var hook = Process.Start(start)!;
        try
        {
            try
            {
                await hook.StandardInput.WriteAsync(ProbeOf(host, places.Project).AsMemory(), limit.Token);
                hook.StandardInput.Close();
            }
            catch (IOException)
            {
                // It ended before it read what was told; how it ended is what counts.
            }

            var output = hook.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = hook.StandardError.ReadToEndAsync(limit.Token);
            await hook.WaitForExitAsync(limit.Token);
            return Judge(hook.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            hook.Kill(entireProcessTree: true);
            return (false, $"the probe got no answer within {s_patience.TotalSeconds} s");
        }
    }

    /// <summary>Refused by the server, in the form that this agent takes for a refusal.</summary>
    internal (bool Refused, string Text) Judge(int exitCode, string output, string errors)
    {
        var said = Core.Reviews.DisplayText.OneLine(errors + output).Text;
        var blocks = host is CursorHost
            ? exitCode == 0 && output.Contains("\"permission\":\"deny\"", StringComparison.Ordinal)
            : exitCode == HookHost.Blocked && errors.Trim().Length > 0;
        if (!blocks)
        {
            return (false, $"the probe was NOT blocked (exit code {exitCode}): {said}");
        }

        // JSON writes an apostrophe otherwise; the words around it are enough.
        return said.Contains("refused on purpose", StringComparison.Ordinal)
            ? (true, "a probe was refused by the server and blocked in the agent's form")
            : (false, $"the probe was blocked, but not by the server, so every call will be: {said}");
    }

    /// <summary>A call as this agent tells it, of a tool that no policy lets through.</summary>
    internal static string ProbeOf(HookHost host, string folder)
    {
        var plan = HookPlan.Of(host);
        return JsonSerializer.Serialize(host switch
        {
            CopilotHost => new Dictionary<string, object>
            {
                ["sessionId"] = "probe",
                ["cwd"] = folder,
                ["toolName"] = HookActionReader.Probe,
                ["toolArgs"] = new Dictionary<string, string>(),
            },
            _ => new Dictionary<string, object>
            {
                ["session_id"] = "probe",
                ["cwd"] = folder,
                ["hook_event_name"] = plan.BeforeEvent,
                ["tool_name"] = HookActionReader.Probe,
                ["tool_input"] = new Dictionary<string, string>(),
                ["tool_use_id"] = "probe",
            },
        });
    }
}
