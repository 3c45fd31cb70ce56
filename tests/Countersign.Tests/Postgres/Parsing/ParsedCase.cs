using System.Text;
using Countersign.Gates.Postgres.Parsing;

namespace Countersign.Tests.Postgres.Parsing;

/// <summary>
/// The cases of <c>parsed.txt</c>: a text on one line, what is known of it on the next, indented. The second line is
/// this class's own notation; lines with <c>#</c> are headings.
/// </summary>
internal static class ParsedCase
{
    private const string File = "tests/Countersign.Tests/Postgres/Parsing/parsed.txt";

    /// <summary>Every text of them.</summary>
    public static IEnumerable<string> Texts => ReadAll().Select(each => each.Text);

    public static IEnumerable<(string Text, string Expected)> ReadAll()
    {
        string? text = null;
        foreach (var line in System.IO.File.ReadLines(RepositoryRoot.Combine(File)))
        {
            if (line.StartsWith("    ", StringComparison.Ordinal))
            {
                yield return (text!, line.Trim());
            }
            else if (line.Length > 0 && line[0] != '#')
            {
                text = line;
            }
        }
    }

    public static string Describe(string text, ParseOutcome outcome) => outcome switch
    {
        ParseOutcome.List { Statements: [] } => "nothing",
        ParseOutcome.List list => string.Join(
            " | ", list.Statements.Select(new Description(Encoding.UTF8.GetBytes(text)).Of)),
        ParseOutcome.Refused refused => $"refused {refused.Fault.SqlState}: {refused.Fault.Message}",
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
