using System.Text.RegularExpressions;

namespace Countersign.Tests.Architecture;

/// <summary>Rules that need no more than the lines of a file.</summary>
internal static partial class TextRules
{
    public const int MostColumns = 120;
    public const int MostLines = 400;

    // The patterns are put together from pieces, so that this file does not match its own rules.
    private static readonly Regex UnfinishedMark = new(@"\b(TO" + @"DO|FIX" + @"ME|HA" + @"CK|XX" + @"X)\b");

    private static readonly Regex MachinePath =
        new(@"(?<![\w/.~}-])/(?:wo" + @"rk|ro" + @"ot|tm" + @"p|Us" + @"ers)/");

    private static readonly Regex Registry = new(
        @"registry\.np" + @"mjs|registry\.ya" + @"rnpkg|api\.nu" + @"get\.org|pypi\.or" + @"g/simple"
        + @"|jf" + @"rog|artif" + @"actory|verd" + @"accio|""reso" + @"lved"": ""http");

    public static IEnumerable<Finding> LongLines(SourceFile file) => Lines(
        file, line => line.Length > MostColumns, $"Break the line at {MostColumns} columns.");

    public static IEnumerable<Finding> Tabs(SourceFile file) => Lines(
        file, line => line.Contains('\t'), "Indent with spaces; write \\t in a string.");

    public static IEnumerable<Finding> LineEndings(SourceFile file) => Lines(
        file, line => line.EndsWith('\r'), "End the line with LF alone.");

    public static IEnumerable<Finding> FinalNewline(SourceFile file) =>
        file.Text.Length == 0 || (file.Text.EndsWith('\n') && !file.Text.EndsWith("\n\n", StringComparison.Ordinal))
            ? []
            : [file.Finding(file.Lines.Count, "End the file with exactly one newline.")];

    public static IEnumerable<Finding> LongFile(SourceFile file) =>
        file.Lines.Count - 1 <= MostLines
            ? []
            : [file.Finding(MostLines + 1, $"Split the file; {MostLines} lines are the limit.")];

    public static IEnumerable<Finding> Unfinished(SourceFile file) => Lines(
        file, UnfinishedMark.IsMatch, "Do it now, or write an issue; the code keeps no notes to itself.");

    public static IEnumerable<Finding> Regions(SourceFile file) => Lines(
        file, line => line.TrimStart().StartsWith("#reg" + "ion", StringComparison.Ordinal), "Split the type instead.");

    public static IEnumerable<Finding> PragmasWithoutReason(SourceFile file) => Lines(
        file,
        line => BarePragma().IsMatch(line),
        "Write the reason behind // on the same line.");

    public static IEnumerable<Finding> MachinePaths(SourceFile file) => Lines(
        file, MachinePath.IsMatch, "Find the path from the repository or from the environment.");

    public static IEnumerable<Finding> Registries(SourceFile file) => Lines(
        file, Registry.IsMatch, "Leave the choice of a package registry to whoever builds.");

    [GeneratedRegex(@"^\s*#pragma warning disable(?!.*//\s*\S)")]
    private static partial Regex BarePragma();

    private static IEnumerable<Finding> Lines(SourceFile file, Func<string, bool> isBreach, string remedy) =>
        file.Lines.Index().Where(line => isBreach(line.Item)).Select(line => file.Finding(line.Index + 1, remedy));
}
