using Countersign.Tests.Architecture;

namespace Countersign.Tests.Documentation;

/// <summary>The Markdown pages of the repository.</summary>
internal static class Pages
{
    public static IReadOnlyList<SourceFile> All { get; } =
        [.. Repository.TextFiles.Where(file => file.Path.EndsWith(".md", StringComparison.Ordinal))];

    public static IEnumerable<CodeBlock> Blocks => All.SelectMany(CodeBlock.Of);

    public static SourceFile Find(string path) => All.Single(page => page.Path == path);

    /// <summary>Blocks as theory data: a page and a line, which name the block in the report.</summary>
    public static TheoryData<string, int> Theory(IEnumerable<CodeBlock> blocks)
    {
        var data = new TheoryData<string, int>();
        foreach (var block in blocks)
        {
            data.Add(block.Page, block.Line);
        }

        return data;
    }

    public static CodeBlock BlockAt(string page, int line) =>
        CodeBlock.Of(Find(page)).Single(block => block.Line == line);
}
