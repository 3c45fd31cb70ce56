using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Countersign.Tests.Architecture;

/// <summary>One file of the repository; the path is relative to its root and uses slashes.</summary>
internal sealed class SourceFile(string path, string text)
{
    private readonly Lazy<SyntaxNode> _syntax = new(() => CSharpSyntaxTree
        .ParseText(text, new CSharpParseOptions(LanguageVersion.Preview))
        .GetRoot());

    public string Path { get; } = path;

    public string Text { get; } = text;

    public IReadOnlyList<string> Lines { get; } = text.Split('\n');

    public bool IsCSharp => Path.EndsWith(".cs", StringComparison.Ordinal);

    public bool IsCode => IsCSharp
        || Path.EndsWith(".razor", StringComparison.Ordinal)
        || Path.EndsWith(".js", StringComparison.Ordinal)
        || Path.EndsWith(".css", StringComparison.Ordinal);

    public SyntaxNode Syntax => _syntax.Value;

    public bool IsUnder(string folder) => Path.StartsWith($"{folder}/", StringComparison.Ordinal);

    public Finding Finding(int line, string remedy) => new(Path, line, remedy);

    public Finding Finding(SyntaxNode node, string remedy) =>
        Finding(node.GetLocation().GetLineSpan().StartLinePosition.Line + 1, remedy);
}
