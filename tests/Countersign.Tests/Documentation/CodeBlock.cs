using Countersign.Tests.Architecture;

namespace Countersign.Tests.Documentation;

/// <summary>One fenced block of a page; the line is the one after the opening fence.</summary>
internal sealed record CodeBlock(string Page, int Line, string Language, string Text)
{
    private const string Fence = "```";

    public string FirstLine => Text.Split('\n')[0];

    /// <summary>The blocks of a page in their order; an unclosed one ends with the page.</summary>
    public static IEnumerable<CodeBlock> Of(SourceFile page)
    {
        for (var i = 0; i < page.Lines.Count; i++)
        {
            var line = page.Lines[i].TrimStart();
            if (!line.StartsWith(Fence, StringComparison.Ordinal))
            {
                continue;
            }

            var start = i + 1;
            var indent = page.Lines[i].Length - line.Length;
            var body = page.Lines.Skip(start).TakeWhile(each => each.Trim() != Fence).ToList();
            var text = string.Join('\n', body.Select(each => each[Math.Min(indent, each.Length)..]));
            i = start + body.Count;
            yield return new CodeBlock(page.Path, start + 1, line[Fence.Length..].Trim(), text);
        }
    }

    public override string ToString() => $"{Page}:{Line}";
}
