using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Countersign.Tests.Architecture;

/// <summary>Rules about many files together: shares, counts, and what the documents mention.</summary>
internal static partial class TreeRules
{
    public const int MostRootEntries = 22;

    private static readonly string[] Folders = ["src", "tests", "docs", "deploy", "bench", "samples"];

    // Names of the platform may be mentioned too; the core library holds those that a design page needs.
    private static readonly HashSet<string> PlatformTypes =
        [.. typeof(object).Assembly.GetExportedTypes().Select(type => type.Name.Split('`')[0])];

    /// <summary>Long methods, unless they are at most one in two hundred.</summary>
    public static IEnumerable<Finding> TooManyLongMethods(IReadOnlyCollection<SourceFile> files)
    {
        List<Finding> findings = [.. files.SelectMany(SyntaxRules.LongMethods)];
        return findings.Count * 200 <= files.Sum(file => SyntaxRules.Methods(file).Count()) ? [] : findings;
    }

    /// <summary>Interfaces, when there are more than four per hundred types (and more than four).</summary>
    public static IEnumerable<Finding> TooManyInterfaces(IReadOnlyCollection<SourceFile> files)
    {
        int types = files.Sum(file => SyntaxRules.Types(file).Count());
        List<Finding> findings = [.. Select(
            files,
            type => type is InterfaceDeclarationSyntax,
            "An interface needs two real implementations; use the class or a delegate.")];
        return findings.Count <= Math.Max(4, types * 4 / 100) ? [] : findings;
    }

    /// <summary>Open classes, when more than one in ten of those that could be sealed is open.</summary>
    public static IEnumerable<Finding> TooManyOpenClasses(IReadOnlyCollection<SourceFile> files)
    {
        int closable = files.Sum(file => SyntaxRules.Types(file).Count(CouldBeSealed));
        List<Finding> findings = [.. Select(
            files, type => CouldBeSealed(type) && !Has(type, SyntaxKind.SealedKeyword), "Seal the class.")];
        return findings.Count * 10 <= closable ? [] : findings;
    }

    /// <summary>Public types of one project, when more than one in five of its types is public.</summary>
    public static IEnumerable<Finding> TooManyPublicTypes(IReadOnlyCollection<SourceFile> files)
    {
        int types = files.Sum(file => SyntaxRules.Types(file).Count());
        List<Finding> findings = [.. Select(files, IsVisible, "Make the type internal; nobody outside refers to it.")];
        return findings.Count * 5 <= types ? [] : findings;
    }

    public static IEnumerable<Finding> TooManyRootEntries(IEnumerable<string> paths)
    {
        string[] entries = [.. paths.Select(path => path.Split('/')[0]).Distinct().Order()];
        return entries.Length <= MostRootEntries
            ? []
            : [new Finding(".", 1, $"Move some of {string.Join(' ', entries)} into a folder.")];
    }

    /// <summary>Code spans of a page that look like a type or a path of ours and name nothing that exists.</summary>
    public static IEnumerable<Finding> MissingNames(
        SourceFile page, IReadOnlySet<string> types, Predicate<string> exists) =>
        from line in page.Lines.Index()
        from Match span in CodeSpan().Matches(line.Item)
        let text = span.Groups[1].Value
        where LooksLikePath(text) ? !exists(text.TrimEnd('/')) : LooksLikeType(text) && !IsKnown(text, types)
        select page.Finding(line.Index + 1, $"`{text}` does not exist; name what does, or drop the mention.");

    /// <summary>The names of all types in the files, those of Razor components included.</summary>
    public static IReadOnlySet<string> TypeNames(IEnumerable<SourceFile> code) => code
        .SelectMany(file => file.IsCSharp
            ? file.Syntax.DescendantNodes().Select(NameOf).OfType<string>()
            : [Path.GetFileNameWithoutExtension(file.Path)])
        .ToHashSet();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex CodeSpan();

    // At least two humps: a single capitalised word may be a word of the glossary.
    [GeneratedRegex(@"^[A-Z]+[a-z0-9]+(?:[A-Z][a-z0-9]*)+(?:<[\w, ]+>)?(?:\.\w+(?:\(.*\))?)?$")]
    private static partial Regex TypeShape();

    [GeneratedRegex(@"[*{<…?\s]")]
    private static partial Regex Pattern();

    private static bool LooksLikeType(string text) => TypeShape().IsMatch(text);

    private static bool LooksLikePath(string text) =>
        Folders.Contains(text.Split('/')[0]) && text.Contains('/') && !Pattern().IsMatch(text);

    private static bool IsKnown(string text, IReadOnlySet<string> types)
    {
        string name = text.Split('.', '<', '(')[0];
        return types.Contains(name) || PlatformTypes.Contains(name);
    }

    private static string? NameOf(SyntaxNode node) => node switch
    {
        BaseTypeDeclarationSyntax type => type.Identifier.ValueText,
        DelegateDeclarationSyntax type => type.Identifier.ValueText,
        _ => null,
    };

    private static bool CouldBeSealed(BaseTypeDeclarationSyntax type) =>
        (type is ClassDeclarationSyntax || type.IsKind(SyntaxKind.RecordDeclaration))
        && !Has(type, SyntaxKind.StaticKeyword)
        && !Has(type, SyntaxKind.AbstractKeyword);

    private static bool IsVisible(BaseTypeDeclarationSyntax type) =>
        type.AncestorsAndSelf().OfType<BaseTypeDeclarationSyntax>().All(outer => Has(outer, SyntaxKind.PublicKeyword));

    private static bool Has(BaseTypeDeclarationSyntax type, SyntaxKind modifier) => type.Modifiers.Any(modifier);

    private static IEnumerable<Finding> Select(
        IEnumerable<SourceFile> files, Func<BaseTypeDeclarationSyntax, bool> isBreach, string remedy) =>
        from file in files
        from type in SyntaxRules.Types(file)
        where isBreach(type)
        select file.Finding(type, remedy);
}
