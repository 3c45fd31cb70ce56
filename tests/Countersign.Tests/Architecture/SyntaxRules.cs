using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Countersign.Tests.Architecture;

/// <summary>Rules about the syntax of one file.</summary>
internal static partial class SyntaxRules
{
    public const int MostMethodLines = 60;
    public const int MostNesting = 4;
    private const int NeverMoreMethodLines = 100;

    /// <summary>All that has a body of its own: methods, constructors, operators, accessors, local functions.</summary>
    public static IEnumerable<SyntaxNode> Methods(SourceFile file) => file.Syntax.DescendantNodes().Where(
        node => node is BaseMethodDeclarationSyntax or AccessorDeclarationSyntax or LocalFunctionStatementSyntax);

    public static int LinesOf(SyntaxNode method)
    {
        FileLinePositionSpan span = method.GetLocation().GetLineSpan();
        return span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
    }

    public static IEnumerable<Finding> LongMethods(SourceFile file) => Methods(file)
        .Where(method => LinesOf(method) > MostMethodLines)
        .Select(method => file.Finding(
            method, $"Split the method of {LinesOf(method)} lines; {MostMethodLines} are the limit."));

    public static IEnumerable<Finding> EndlessMethods(SourceFile file) => Methods(file)
        .Where(method => LinesOf(method) > NeverMoreMethodLines)
        .Select(method => file.Finding(method, $"Split the method of {LinesOf(method)} lines."));

    public static IEnumerable<Finding> DeepNesting(SourceFile file) => file.Syntax.DescendantNodes()
        .Where(node => IsLevel(node) && Depth(node) == MostNesting + 1)
        .Select(node => file.Finding(node, $"Return early or name a step; {MostNesting} levels are the limit."));

    public static IEnumerable<Finding> NamesThatSayNothing(SourceFile file) => Types(file)
        .Where(type => EmptyWord().IsMatch(type.Identifier.ValueText))
        .Select(type => file.Finding(type, $"Name {type.Identifier.ValueText} for what it is."));

    public static IEnumerable<Finding> MisplacedTokens(SourceFile file) => file.Syntax.DescendantNodes()
        .OfType<ParameterListSyntax>()
        .SelectMany(list => list.Parameters.Where(parameter => IsToken(parameter) && IsMisplaced(list, parameter)))
        .Select(parameter => file.Finding(parameter, "Put the CancellationToken last, without a default value."));

    public static IEnumerable<Finding> SilentCatches(SourceFile file) => file.Syntax.DescendantNodes()
        .OfType<CatchClauseSyntax>()
        .Where(IsSilent)
        .Select(clause => file.Finding(clause, "Act on the exception, or say in the block why nothing is to be done."));

    public static IEnumerable<Finding> CatchesOfEverything(SourceFile file) => file.Syntax.DescendantNodes()
        .OfType<CatchClauseSyntax>()
        .Where(clause => clause.Declaration is null && clause.Filter is null && !Rethrows(clause))
        .Select(clause => file.Finding(clause, "Name the exception, filter it with when, or throw it again."));

    public static IEnumerable<BaseTypeDeclarationSyntax> Types(SourceFile file) =>
        file.Syntax.DescendantNodes().OfType<BaseTypeDeclarationSyntax>();

    [GeneratedRegex("(Manager|Helper|Util|Utils|Utility|Utilities|Processor)(?![a-z])")]
    private static partial Regex EmptyWord();

    // An "else if" continues its "if"; the blocks of try, catch and finally stand side by side.
    private static bool IsLevel(SyntaxNode node) => node switch
    {
        IfStatementSyntax => node.Parent is not ElseClauseSyntax,
        ForStatementSyntax or CommonForEachStatementSyntax or WhileStatementSyntax or DoStatementSyntax => true,
        SwitchStatementSyntax or TryStatementSyntax or LockStatementSyntax => true,
        UsingStatementSyntax => node.Parent is not UsingStatementSyntax,
        _ => false,
    };

    private static int Depth(SyntaxNode node) =>
        node.AncestorsAndSelf().TakeWhile(outer => outer is not MemberDeclarationSyntax).Count(IsLevel);

    private static bool IsToken(ParameterSyntax parameter) =>
        parameter.Type?.ToString() is "CancellationToken" or "CancellationToken?";

    private static bool IsMisplaced(ParameterListSyntax list, ParameterSyntax token) =>
        token.Default is not null || list.Parameters.Last() != token;

    private static bool Rethrows(CatchClauseSyntax clause) =>
        clause.Block.Statements.LastOrDefault() is ThrowStatementSyntax { Expression: null };

    private static bool IsSilent(CatchClauseSyntax clause) =>
        clause.Block.Statements.Count == 0
        && !clause.Block.DescendantTrivia().Any(trivia => trivia.IsKind(SyntaxKind.SingleLineCommentTrivia));
}
