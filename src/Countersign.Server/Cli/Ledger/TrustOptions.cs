using System.CommandLine;
using Countersign.Core.Ledger;

namespace Countersign.Server.Cli.Ledger;

/// <summary>Whom a verification trusts: a vkey line, or the log lines of a C2SP tlog-policy file.</summary>
internal static class TrustOptions
{
    public static Option<string?> VerifierKey { get; } = new("--vkey")
    {
        Description = "The log's vkey line, as 'countersign ledger key' prints it.",
    };

    public static Option<string?> Policy { get; } = new("--policy")
    {
        Description = "A C2SP tlog-policy file; its log lines are trusted.",
    };

    public static IReadOnlyList<NoteVerifierKey> Read(ParseResult parsed)
    {
        var lines = new List<string>();
        if (parsed.GetValue(VerifierKey) is { } line)
        {
            lines.Add(line);
        }

        if (parsed.GetValue(Policy) is { } path)
        {
            lines.AddRange(LogLines(path));
        }

        try
        {
            return [.. lines.Select(NoteVerifierKey.Parse)];
        }
        catch (FormatException malformed)
        {
            throw new CommandFailure(ExitCode.Usage, malformed.Message);
        }
    }

    private static List<string> LogLines(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure(ExitCode.Usage, $"The policy '{path}' cannot be read: {failure.Message}");
        }

        var keys = new List<string>();
        foreach (var words in lines.Select(text =>
            text.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)))
        {
            switch (words)
            {
                case [] or [['#', ..], ..] or ["quorum", "none"]:
                    break;
                case ["log", var key, ..]:
                    keys.Add(key);
                    break;
                default:
                    throw new CommandFailure(
                        ExitCode.Usage,
                        $"The policy line '{string.Join(' ', words)}' asks for more than this version verifies: it " +
                        "knows 'log <vkey>' and 'quorum none'.");
            }
        }

        return keys;
    }
}
