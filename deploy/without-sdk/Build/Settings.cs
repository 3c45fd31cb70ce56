using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Countersign.WithoutSdk;

/// <summary>The severities and properties that the compiler and the analyzers ask for.</summary>
sealed class Settings
{
    private Settings(AnalyzerConfigSet set) =>
        (ForTrees, ForAnalyzers) = (new TreeSettings(set), new AnalyzerSettings(set));

    public SyntaxTreeOptionsProvider ForTrees { get; }

    public AnalyzerConfigOptionsProvider ForAnalyzers { get; }

    /// <summary>The repository's .editorconfig over what the SDK sets for "latest-recommended".</summary>
    public static Settings Read(string editorConfig, Project project, ImmutableArray<DiagnosticAnalyzer> analyzers)
    {
        var global = $"""
            is_global = true
            global_level = -100
            build_property.RootNamespace = {project.RootNamespace}
            build_property.ProjectDir = {project.Folder}/
            build_property.TargetFramework = {project["TargetFramework"]}
            build_property.EnforceCodeStyleInBuild = {project["EnforceCodeStyleInBuild"]}
            build_property.EnableTrimAnalyzer = {project.IsAotCompatible}
            build_property.EnableAotAnalyzer = {project.IsAotCompatible}
            build_property.EnableSingleFileAnalyzer = {project.IsAotCompatible}

            """ + string.Concat(Recommended(analyzers).Select(id => $"dotnet_diagnostic.{id}.severity = error\n"));
        AnalyzerConfig[] files =
        [
            AnalyzerConfig.Parse(SourceText.From(global), Path.Combine(project.Intermediate, "global.globalconfig")),
            AnalyzerConfig.Parse(SourceText.From(File.ReadAllText(editorConfig)), editorConfig),
        ];
        return new Settings(AnalyzerConfigSet.Create(files));
    }

    // "Recommended" makes warnings of the code quality rules that are on and visible by default; found by comparing
    // with what the SDK reports on this repository, since its own list comes with the SDK only.
    private static IEnumerable<string> Recommended(ImmutableArray<DiagnosticAnalyzer> analyzers) => analyzers
        .SelectMany(analyzer => analyzer.SupportedDiagnostics)
        .Where(rule => rule is { IsEnabledByDefault: true, DefaultSeverity: > DiagnosticSeverity.Hidden })
        .Where(rule => rule.Id.StartsWith("CA", StringComparison.Ordinal))
        .Select(rule => rule.Id).Distinct().Order(StringComparer.Ordinal);

    private sealed class TreeSettings(AnalyzerConfigSet set) : SyntaxTreeOptionsProvider
    {
        public override GeneratedKind IsGenerated(SyntaxTree tree, CancellationToken cancellationToken) =>
            GeneratedKind.Unknown;

        public override bool TryGetDiagnosticValue(
            SyntaxTree tree, string diagnosticId, CancellationToken cancellationToken, out ReportDiagnostic severity) =>
            set.GetOptionsForSourcePath(tree.FilePath).TreeOptions.TryGetValue(diagnosticId, out severity);

        public override bool TryGetGlobalDiagnosticValue(
            string diagnosticId, CancellationToken cancellationToken, out ReportDiagnostic severity) =>
            set.GlobalConfigOptions.TreeOptions.TryGetValue(diagnosticId, out severity);
    }

    private sealed class AnalyzerSettings(AnalyzerConfigSet set) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions => new Options(set.GlobalConfigOptions.AnalyzerOptions);

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => At(tree.FilePath);

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => At(textFile.Path);

        private Options At(string path) => new(set.GetOptionsForSourcePath(path).AnalyzerOptions);
    }

    private sealed class Options(ImmutableDictionary<string, string> values) : AnalyzerConfigOptions
    {
        public override IEnumerable<string> Keys => values.Keys;

        public override bool TryGetValue(string key, [NotNullWhen(true)] out string? value) =>
            values.TryGetValue(key, out value);
    }
}
