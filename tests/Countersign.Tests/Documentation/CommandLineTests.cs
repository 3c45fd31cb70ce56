using System.CommandLine;
using System.Text.RegularExpressions;
using Countersign.Server.Cli;
using Countersign.Tests.Architecture;

namespace Countersign.Tests.Documentation;

/// <summary>Every command line that a page shows exists, with every option it is shown with.</summary>
public sealed partial class CommandLineTests
{
    private static readonly string[] s_shells = ["sh", "bash", "console"];

    [Fact]
    public void Every_command_line_in_a_block_parses()
    {
        var root = CommandTree.Create();
        var lines = Pages.Blocks.Where(block => s_shells.Contains(block.Language)).SelectMany(Lines).ToList();

        Assert.NotEmpty(lines);
        Assert.Empty(lines
            .Select(line => (line.At, Errors: root.Parse(line.Arguments).Errors))
            .Where(parsed => parsed.Errors.Count > 0)
            .Select(parsed => $"{parsed.At}: {string.Join(' ', parsed.Errors)}"));
    }

    [Fact]
    public void Every_command_named_in_a_sentence_exists()
    {
        var root = CommandTree.Create();
        var spans = Pages.All.SelectMany(Spans).ToList();

        Assert.NotEmpty(spans);
        Assert.Empty(spans.Where(span => !Exists(root, span.Words)).Select(span => $"{span.At}: {span.Words}"));
    }

    /// <summary>Follows the words down the tree; what is left are its options, and arguments of a leaf.</summary>
    private static bool Exists(Command root, string words)
    {
        var command = root;
        var rest = words.Split(' ', StringSplitOptions.RemoveEmptyEntries).AsEnumerable();
        while (rest.FirstOrDefault() is { } word && FindIn(command, word) is { } next)
        {
            (command, rest) = (next, rest.Skip(1));
        }

        var options = command.Options.Concat(root.Options).SelectMany(each => each.Aliases.Append(each.Name)).ToList();
        var isLeaf = command.Subcommands.Count == 0;
        return rest.All(word => word.StartsWith('-') ? options.Contains(word) : isLeaf);
    }

    private static Command? FindIn(Command command, string name) =>
        command.Subcommands.FirstOrDefault(each => each.Name == name);

    private static IEnumerable<(string At, string Arguments)> Lines(CodeBlock block) =>
        from line in block.Text.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n').Index()
        from Match match in Invocation().Matches(line.Item)
        select ($"{block.Page}:{block.Line + line.Index}", match.Groups[1].Value.Replace('\'', '"').Trim());

    private static IEnumerable<(string At, string Words)> Spans(SourceFile page) =>
        from line in page.Lines.Index()
        from Match match in Span().Matches(line.Item)
        select ($"{page.Path}:{line.Index + 1}", match.Groups[1].Value);

    [GeneratedRegex(@"(?<![\w/.-])(?:\./|/usr/lib/countersign/)?countersign +((?:demo|serve|[a-z]+)[^|&;#>\n)]*)")]
    private static partial Regex Invocation();

    [GeneratedRegex(@"`(?:\./)?countersign +([a-z][^`]*)`")]
    private static partial Regex Span();
}
