using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Countersign.Server.Cli.Hook.Install;

/// <summary>Which version of a coding agent this machine has.</summary>
internal static partial class AgentVersion
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    /// <summary>What it says with <c>--version</c>; <c>null</c> when it is not there or says nothing.</summary>
    public static Version? Find(string program, HookPlaces places)
    {
        var path = (places.Variable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
        if (path is null)
        {
            return null;
        }

        try
        {
            using var run = Process.Start(new ProcessStartInfo(path, ["--version"])
            {
                RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            })!;
            run.StandardInput.Close();
            var said = run.StandardOutput.ReadToEndAsync();
            _ = run.StandardError.ReadToEndAsync();
            if (!run.WaitForExit(s_patience))
            {
                run.Kill(entireProcessTree: true);
                return null;
            }

            var found = Number().Match(said.Result);
            return found.Success && Version.TryParse(found.Value, out var version) ? version : null;
        }
        catch (Exception failure) when (failure is Win32Exception or IOException or AggregateException)
        {
            return null;
        }
    }

    /// <summary>What a version before <paramref name="least"/> does; the caller ends the sentence.</summary>
    public static string TooOld(HookHost host, Version found, Version least) =>
        $"{host.Title} {found} runs the tool when its hook fails or exceeds its time limit; "
        + $"{least} is the first version that does not";

    [GeneratedRegex(@"[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}")]
    private static partial Regex Number();
}
