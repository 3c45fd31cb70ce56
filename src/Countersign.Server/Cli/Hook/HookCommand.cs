using System.CommandLine;
using System.Runtime.InteropServices;
using Countersign.Server.Cli.Hook.Install;

namespace Countersign.Server.Cli.Hook;

/// <summary><c>countersign hook CLIENT</c>: what coding agents run before a tool, and what sets that up.</summary>
internal static class HookCommand
{
    private static readonly Argument<string> s_client = ClientArgument();

    private static readonly Option<string?> s_target = new("--target")
    {
        Description = "The target with gate: hook; not needed while there is one.",
    };

    private static readonly Option<int?> s_timeout = new("--timeout")
    {
        Description = "Seconds that the agent waits for the hook, which ends 15 s earlier; --install writes 600.",
    };

    private static readonly Option<string?> s_credentials = new("--credentials")
    {
        Description = "File with url and token, readable by its user only; the environment is not looked at then.",
    };

    private static readonly Option<string?> s_event = new("--event")
    {
        Description = "The event, for agents that do not name it.",
    };

    private static readonly Option<bool> s_install = new("--install")
    {
        Description = "Write the hook into the agent's settings and show what changes.",
    };

    private static readonly Option<HookScope> s_scope = new("--scope")
    {
        Description = "Whose settings: user, project or managed.",
        DefaultValueFactory = _ => HookScope.User,
    };

    private static readonly Option<bool> s_doctor = new("--doctor")
    {
        Description = "Prove the installed hook with a probe that is refused on purpose.",
    };

    public static Command Create()
    {
        var command = new Command("hook", "Ask for each tool call of a coding agent, whose settings run this.")
        {
            s_client, s_target, s_timeout, s_credentials, s_event, s_install, s_scope, s_doctor,
        };
        command.Runs(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var host = HookHost.Find(parsed.GetRequiredValue(s_client))!;
        var isInstall = parsed.GetValue(s_install);
        var options = new HookOptions(host)
        {
            Target = parsed.GetValue(s_target),
            EventName = parsed.GetValue(s_event),
            Credentials = parsed.GetValue(s_credentials) is { } path ? Path.GetFullPath(path)
                : isInstall ? HookInstaller.FindCredentials(HookFolders.Of(Environment.GetEnvironmentVariable)) : null,
            Timeout = parsed.GetValue(s_timeout) is { } seconds ? TimeSpan.FromSeconds(seconds)
                : isInstall ? HookInstaller.Timeout : host.DefaultTimeout,
        };
        var places = new HookPlaces(Environment.GetEnvironmentVariable, Environment.CurrentDirectory, "/");
        if (isInstall)
        {
            var (program, runtime) = HookInstaller.Own();
            var command = new HookCommandLine(program, options) { Runtime = runtime };
            Terminal.WriteLine(HookInstaller.Install(command, parsed.GetValue(s_scope), places));
            return ExitCode.Succeeded;
        }

        return parsed.GetValue(s_doctor)
            ? await ExamineAsync(new HookDoctor(host, places, HookInstaller.Own()), cancellationToken)
            : HookEntry.Run(options);
    }

    private static async Task<int> ExamineAsync(HookDoctor doctor, CancellationToken cancellationToken)
    {
        var findings = await doctor.RunAsync(cancellationToken);
        foreach (var (ok, text) in findings)
        {
            Terminal.WriteLine((ok switch { true => "ok    ", false => "FAIL  ", null => "note  " }) + text);
        }

        return findings.Any(finding => finding.Ok == false) ? ExitCode.Failed : ExitCode.Succeeded;
    }

    private static Argument<string> ClientArgument()
    {
        var argument = new Argument<string>("client") { Description = "The coding agent." };
        argument.AcceptOnlyFromAmong([.. HookHost.All.Select(host => host.Name)]);
        return argument;
    }
}
