using System.Globalization;
using System.Text.RegularExpressions;

namespace Countersign.Server.Cli.Hook.Install;

/// <summary>
/// The command that an agent runs. It starts the published program by its absolute path, and a shell watches over it:
/// when it cannot start or is killed, that would be an exit code after which agents run the tool, so the shell turns it
/// into the one that blocks.
/// </summary>
internal sealed partial record HookCommandLine(string Program, HookOptions Options)
{
    /// <summary>
    /// The product runs with a heap and a thread for each processor, which a server is the better for. A hook that
    /// waits needs neither, and there may be many.
    /// </summary>
    private const string OneHeap = "DOTNET_gcServer=0";

    /// <summary>Where the .NET runtime is, when the program would not find it by itself.</summary>
    public string? Runtime { get; init; }

    /// <summary>Whether a command of somebody's settings was written by this.</summary>
    public static bool IsOurs(string command, string host) =>
        command.Contains("countersign", StringComparison.Ordinal)
        && (command.Contains($"hook {host} ", StringComparison.Ordinal)
            || command.Contains($"hook {host}'", StringComparison.Ordinal)
            || command.EndsWith($"hook {host}", StringComparison.Ordinal));

    /// <summary>
    /// The command that was installed for an event that can block; <c>null</c> when no installer wrote it so.
    /// </summary>
    public static HookCommandLine? TryRead(string before, HookHost host)
    {
        if (Written().Match(before) is not { Success: true } found || found.Groups["host"].Value != host.Name)
        {
            return null;
        }

        var command = new HookCommandLine(found.Groups["program"].Value, new HookOptions(host)
        {
            Target = Text("target"),
            Credentials = Text("credentials"),
            Timeout = TimeSpan.FromSeconds(int.Parse(found.Groups["timeout"].Value, CultureInfo.InvariantCulture)),
        })
        {
            Runtime = Text("runtime"),
        };
        return command.Before(Text("event")) == before && command.Options.Timeout >= HookRun.ShortestTimeout
            ? command
            : null;

        string? Text(string name) => found.Groups[name] is { Success: true } group ? group.Value.Trim('"') : null;
    }

    /// <summary>For an event that can block.</summary>
    public string Before(string? eventName = null) =>
        "/bin/sh -c 'trap \"echo Countersign: the hook was stopped, the tool was not run. >&2; exit 2\" TERM INT HUP; "
        + Invocation(eventName, withTimeout: true)
        + " || { [ $? = 2 ] || echo Countersign: the hook could not run, so the tool was not run. >&2; exit 2; }'";

    /// <summary>For an event after which nothing can be blocked any more.</summary>
    public string After(string? eventName = null) =>
        $"/bin/sh -c 'exec env {Invocation(eventName, withTimeout: false)}'";

    /// <summary>What the shell could read as anything else than itself has no place in a command.</summary>
    public void Check()
    {
        foreach (var part in (string?[])[Program, Runtime, Options.Target, Options.Credentials])
        {
            if (part?.FirstOrDefault(letter => !char.IsAsciiLetterOrDigit(letter) && !"/._-+@: ".Contains(letter))
                is { } letter and not '\0')
            {
                throw new CommandFailure(
                    ExitCode.Usage, $"'{part}' holds '{letter}', which a settings file cannot pass on safely.");
            }
        }
    }

    private string Invocation(string? eventName, bool withTimeout)
    {
        var words = new List<string> { OneHeap };
        if (Runtime is not null)
        {
            words.Add($"DOTNET_ROOT=\"{Runtime}\"");
        }

        words.AddRange([$"\"{Program}\"", "hook", Options.Host.Name]);
        Add("--target", Options.Target);
        Add("--credentials", Options.Credentials);
        Add("--event", eventName);
        if (withTimeout)
        {
            Add("--timeout", ((int)Options.Timeout.TotalSeconds).ToString(CultureInfo.InvariantCulture));
        }

        return string.Join(' ', words);

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                words.AddRange([name, value.Contains(' ', StringComparison.Ordinal) ? $"\"{value}\"" : value]);
            }
        }
    }

    [GeneratedRegex(
        "; " + OneHeap + @"( DOTNET_ROOT=""(?<runtime>[^""]+)"")? ""(?<program>[^""]+)"" hook (?<host>[a-z-]+)"
        + @"( --target (?<target>""[^""]+""|[^ ]+))?( --credentials (?<credentials>""[^""]+""|[^ ]+))?"
        + "( --event (?<event>[A-Za-z]+))? --timeout (?<timeout>[0-9]{1,6}) ",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Written();
}
