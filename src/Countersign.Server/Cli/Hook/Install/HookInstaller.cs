using System.Runtime.InteropServices;

namespace Countersign.Server.Cli.Hook.Install;

/// <summary><c>countersign hook CLIENT --install</c>.</summary>
internal static class HookInstaller
{
    /// <summary>How long an agent waits for its hook unless somebody says otherwise.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(600);

    /// <summary>Where a program looks for its runtime by itself.</summary>
    private static readonly string[] s_usual =
        ["/usr/share/dotnet", "/usr/lib/dotnet", "/usr/local/share/dotnet", "/usr/local/share/dotnet/x64"];

    /// <summary>Writes the settings; what it returns is for people.</summary>
    public static string Install(HookCommandLine command, HookScope scope, HookPlaces places)
    {
        command.Check();
        if (command.Options.Timeout < HookRun.ShortestTimeout)
        {
            var least = HookRun.ShortestTimeout.TotalSeconds;
            throw new CommandFailure(ExitCode.Usage, $"--timeout is {least} or more: the hook ends 15 s early.");
        }

        var host = command.Options.Host;
        var plan = HookPlan.Of(host);
        if (scope == HookScope.Managed && host is CodexHost)
        {
            return $"{CodexRequirements.Install(command, places)}\n{Notes(host, plan)}";
        }

        var unknown = scope == HookScope.Managed && plan.Enforces is { } enforces
            && !IsEnough(host, enforces, places);
        var settings = HookSettings.Read(plan.PathOf(scope, places), host.Name);
        plan.Write(settings, command, scope);
        if (!settings.IsChanged)
        {
            return $"{settings.Path} has this hook already.";
        }

        var diff = LineDiff.Of(settings.Before, settings.After);
        try
        {
            settings.Save();
        }
        catch (UnauthorizedAccessException)
        {
            throw new CommandFailure(
                ExitCode.Failed, $"{settings.Path} cannot be written by you. It would become:\n{diff}");
        }

        return $"{settings.Path}:\n{diff}\n"
            + (unknown ? $"Note: no version of {host.Title} was found here, so nobody looked at it.\n" : "")
            + Notes(host, plan);
    }

    private static string Notes(HookHost host, HookPlan plan) =>
        string.Concat(plan.Gaps.Select(gap => $"Note: {gap}.\n"))
        + $"Prove it with: countersign hook {host.Name} --doctor";

    /// <summary>
    /// Settings of the administrator say that nothing gets past them, which an older agent makes untrue. <c>false</c>:
    /// this machine has none.
    /// </summary>
    private static bool IsEnough(HookHost host, (string Program, Version Least) enforces, HookPlaces places)
    {
        var found = AgentVersion.Find(enforces.Program, places);
        return found is not null && found < enforces.Least
            ? throw new CommandFailure(
                ExitCode.Failed,
                $"{AgentVersion.TooOld(host, found, enforces.Least)}. Update it, or install for a user or project, "
                + "where a hook is advice.")
            : found is not null;
    }

    /// <summary>
    /// The user's file with URL and token, so that the installed command names it: an environment can be changed by
    /// what a repository brings along. <c>null</c>: there is none yet, so the environment it is.
    /// </summary>
    public static string? FindCredentials(HookFolders folders) =>
        File.Exists(folders.Credentials) ? folders.Credentials : null;

    /// <summary>The program that is running here, as an installed command starts it.</summary>
    public static (string Program, string? Runtime) Own() => (
        FindProgram(Environment.ProcessPath!, AppContext.BaseDirectory),
        FindRuntime(RuntimeEnvironment.GetRuntimeDirectory()));

    /// <summary>The program that an agent starts: the published one, no runtime or script in front of it.</summary>
    public static string FindProgram(string running, string folder)
    {
        var name = OperatingSystem.IsWindows() ? "countersign.exe" : "countersign";
        var published = Path.Combine(folder, name);
        return Path.GetFileName(running) == name ? running
            : File.Exists(published) ? published
            : throw new CommandFailure(
                ExitCode.Failed, $"There is no program '{published}': install from the published product.");
    }

    /// <summary>
    /// The runtime that this process runs on, unless the program finds one where runtimes are installed: an agent's
    /// hook has no variable that says where it is.
    /// </summary>
    public static string? FindRuntime(string runtimeFolder)
    {
        var root = Path.GetFullPath(Path.Combine(runtimeFolder, "..", "..", ".."));
        var isFound = s_usual.Contains(root) || IsRegistered(root) || !Directory.Exists(Path.Combine(root, "host"));
        return isFound ? null : root;
    }

    private static bool IsRegistered(string root)
    {
        const string Registration = "/etc/dotnet/install_location";
        return File.Exists(Registration) && File.ReadLines(Registration).FirstOrDefault()?.TrimEnd('/') == root;
    }
}
