using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Countersign.Server.Cli.Hook.Install;

/// <summary>
/// The hooks that an administrator gives Codex: TOML, which nobody here edits. A file that is not there is written, and
/// one that is there is compared.
/// </summary>
internal static partial class CodexRequirements
{
    private const string Head = "allow_managed_hooks_only = true\n";

    private static readonly JsonSerializerOptions s_relaxed =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string PathOf(HookPlaces places) => places.OfSystem("etc/codex/requirements.toml");

    /// <summary>Writes the file; what it returns is for people.</summary>
    /// <exception cref="CommandFailure">There is one that says something else, or it cannot be written.</exception>
    public static string Install(HookCommandLine command, HookPlaces places)
    {
        var (path, text) = (PathOf(places), TextOf(command));
        if (File.Exists(path))
        {
            return HasDrifted(File.ReadAllText(path), command)
                ? throw new CommandFailure(
                    ExitCode.Failed,
                    $"{path} exists, and rewriting it would lose what is in it. Put these lines in the place of those "
                    + $"that it has of this hook:\n{text}")
                : $"{path} has this hook already.";
        }

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        }
        catch (UnauthorizedAccessException)
        {
            throw new CommandFailure(ExitCode.Failed, $"{path} cannot be written by you. It would be:\n{text}");
        }

        return $"{path}:\n{LineDiff.Of("", text)}";
    }

    /// <summary>The command before a tool that a file has; <c>null</c> when it has none of this hook.</summary>
    public static string? CommandIn(string toml) => Commands().Matches(toml)
        .Select(found => Read(found.Groups["text"].Value))
        .FirstOrDefault(command => command is not null && HookCommandLine.IsOurs(command, "codex")
            && command.Contains("--timeout ", StringComparison.Ordinal));

    /// <summary>Somebody else's hook may have an escape that only TOML knows; ours has none.</summary>
    private static string? Read(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<string>(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Whether a line is missing, or is another one than the installer writes.</summary>
    public static bool HasDrifted(string toml, HookCommandLine command) =>
        !toml.ReplaceLineEndings("\n").StartsWith(Head, StringComparison.Ordinal)
        || Tables(command).Any(table => !toml.ReplaceLineEndings("\n").Contains(table, StringComparison.Ordinal));

    private static string TextOf(HookCommandLine command) => string.Join('\n', [Head, .. Tables(command)]);

    private static IEnumerable<string> Tables(HookCommandLine command)
    {
        yield return Table("PreToolUse", command.Before(), (int)command.Options.Timeout.TotalSeconds);
        yield return Table("PostToolUse", command.After(), HookSettings.NoteSeconds);
        yield return Table("SessionStart", command.After(), HookSettings.NoteSeconds);
    }

    /// <summary>A basic string of TOML is one of JSON (TOML 1.0, "String").</summary>
    private static string Table(string name, string command, int timeout) =>
        $"""
        [[hooks.{name}]]
        matcher = ".*"

        [[hooks.{name}.hooks]]
        type = "command"
        command = {JsonSerializer.Serialize(command, s_relaxed)}
        timeout = {timeout}

        """;

    [GeneratedRegex("^command = (?<text>\"(?:[^\"\\\\]|\\\\.)*\")[ \\t]*$", RegexOptions.Multiline)]
    private static partial Regex Commands();
}
