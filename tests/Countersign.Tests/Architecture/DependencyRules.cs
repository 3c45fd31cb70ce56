using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Countersign.Tests.Architecture;

/// <summary>Who may see whom, and what the core may not touch. Each breach is one line of text.</summary>
internal static partial class DependencyRules
{
    private const string Gates = "Countersign.Gates";

    private static readonly string[] GateNames = ["Mcp", "Postgres", "Http", "Commands", "Hooks", "Api"];

    /// <summary>References from one of our assemblies to another, other than those allowed.</summary>
    public static IEnumerable<string> Upward(AssemblyFile assembly, params string[] allowed) => assembly.Assemblies
        .Where(name => name == "countersign" || name.StartsWith("Countersign.", StringComparison.Ordinal))
        .Except(allowed)
        .Select(name => $"It refers to {name}; turn the dependency around.");

    /// <summary>What reaches outside the process, or inside it at a clock or at randomness.</summary>
    public static IEnumerable<string> InputAndOutput(AssemblyFile assembly) =>
    [
        .. assembly.Assemblies.Where(name => OutsideAssembly().IsMatch(name)).Select(Seam),
        .. assembly.Types.Where(name => OutsideType().IsMatch(name)).Select(Seam),
        .. assembly.Members.Where(name => OutsideMember().IsMatch(name)).Select(Seam),
        .. assembly.NativeMethods.Select(Seam),
    ];

    /// <summary>
    /// Mentions of another gate's namespace in a file below <c>src/Countersign.Gates</c>. A global using is one in any
    /// file of the project, since it opens a gate to all others.
    /// </summary>
    public static IEnumerable<Finding> OtherGates(SourceFile file)
    {
        string[] folders = file.Path.Split('/');
        string? own = GateNames.FirstOrDefault(gate => folders.Length > 3 && folders[2] == gate);
        return file.Syntax.DescendantNodes()
            .Where(node => GateNamedBy(node) is { } gate && gate != own && (own is not null || IsGlobalUsing(node)))
            .Select(node => file.Finding(node, $"Gates do not see each other; move what both need out of {node}."));
    }

    [GeneratedRegex(
        @"^(Microsoft\.AspNetCore|Microsoft\.Extensions\.Hosting|Microsoft\.Data|SQLitePCLRaw|System\.Data"
        + @"|System\.Net\.(Sockets|Http|Security|Requests|WebSockets|NameResolution)|System\.Console"
        + @"|System\.Diagnostics\.Process)\b")]
    private static partial Regex OutsideAssembly();

    [GeneratedRegex(
        @"^System\.(IO\.(File|FileInfo|FileStream|Directory|DirectoryInfo|FileSystemWatcher|DriveInfo)"
        + @"|IO\.(MemoryMappedFiles|Pipes)\..*|Random|Console|Diagnostics\.(Process|Stopwatch)"
        + @"|Security\.Cryptography\.RandomNumberGenerator|Runtime\.InteropServices\.NativeLibrary|Threading\.Timer)$")]
    private static partial Regex OutsideType();

    [GeneratedRegex(
        @"^System\.((DateTime|DateTimeOffset)\.get_(Now|UtcNow|Today)|Guid\.(NewGuid|CreateVersion7)"
        + @"|TimeProvider\.get_System|Environment\.(GetEnvironmentVariables?|get_TickCount(64)?|Exit)"
        + @"|Threading\.Thread\.(Sleep|Start))$")]
    private static partial Regex OutsideMember();

    private static string Seam(string name) => $"It uses {name}; let the caller pass in what it yields.";

    private static bool IsGlobalUsing(SyntaxNode node) =>
        node.FirstAncestorOrSelf<UsingDirectiveSyntax>() is { } directive && directive.GlobalKeyword.RawKind != 0;

    // Only the longest name is looked at: A.B in A.B.C is part of it.
    private static string? GateNamedBy(SyntaxNode node)
    {
        if (node is not (QualifiedNameSyntax or MemberAccessExpressionSyntax)
            || node.Parent is QualifiedNameSyntax or MemberAccessExpressionSyntax or BaseNamespaceDeclarationSyntax)
        {
            return null;
        }

        // From inside Countersign.Gates.Mcp, "Gates.Api.X" and "Api.X" mean the same as the full name.
        string name = WhiteSpace().Replace(node.ToString(), "");
        string relative = Prefix().Replace(name, "");
        string first = relative.Split('.')[0];
        return GateNames.Contains(first) && (name.StartsWith(Gates, StringComparison.Ordinal) || relative.Contains('.'))
            ? first
            : null;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();

    [GeneratedRegex(@"^(global::)?(Countersign\.)?(Gates\.)?")]
    private static partial Regex Prefix();
}
