using System.Collections.Immutable;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Emit;
using Microsoft.CodeAnalysis.Text;

namespace Countersign.WithoutSdk;

/// <summary>One assembly: generators, analyzers and emission, where a warning is an error.</summary>
sealed class Compilation
{
    public required Project Project { get; init; }

    public required string Output { get; init; }

    public required IReadOnlyList<string> Sources { get; init; }

    public required IReadOnlyList<string> References { get; init; }

    public required IReadOnlyList<string> Analyzers { get; init; }

    public required IReadOnlyList<(string File, string Name)> Resources { get; init; }

    public required IReadOnlyList<string> Additional { get; init; }

    public required string EditorConfig { get; init; }

    /// <summary>Writes the assembly and its symbols.</summary>
    /// <exception cref="BuildException">With every diagnostic.</exception>
    public void Run()
    {
        var (analyzers, generators) = LoadAnalyzers();
        var settings = Settings.Read(EditorConfig, Project, analyzers);
        var parsing = CSharpParseOptions.Default
            .WithLanguageVersion(LanguageVersion.Latest).WithPreprocessorSymbols(Symbols())
            .WithDocumentationMode(Project.HasDocumentation ? DocumentationMode.Diagnose : DocumentationMode.Parse);
        var trees = Sources.AsParallel().AsOrdered().Select(file =>
        {
            using var stream = File.OpenRead(file);
            return CSharpSyntaxTree.ParseText(SourceText.From(stream), parsing, file);
        });
        var options = new CSharpCompilationOptions(
            Project.IsProgram ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary,
            optimizationLevel: OptimizationLevel.Release, generalDiagnosticOption: ReportDiagnostic.Error,
            allowUnsafe: Project["AllowUnsafeBlocks"] == "true", nullableContextOptions: NullableContextOptions.Enable,
            deterministic: true, warningLevel: 10,
            // Unification of assembly versions, which the SDK turns off too.
            specificDiagnosticOptions:
                [new("CS1701", ReportDiagnostic.Suppress), new("CS1702", ReportDiagnostic.Suppress)])
            .WithSyntaxTreeOptionsProvider(settings.ForTrees);
        Microsoft.CodeAnalysis.Compilation compilation = CSharpCompilation.Create(
            Path.GetFileNameWithoutExtension(Output),
            trees,
            References.Select(file => MetadataReference.CreateFromFile(file)),
            options);
        var additional = Additional.Select(file => (AdditionalText)new FileText(file)).ToImmutableArray();
        CSharpGeneratorDriver.Create(generators, additional, parsing, settings.ForAnalyzers)
            .RunGeneratorsAndUpdateCompilation(compilation, out compilation, out var generated);
        var analysis = compilation.WithAnalyzers(analyzers, new AnalyzerOptions(additional, settings.ForAnalyzers));
        var found = analysis.GetAnalyzerDiagnosticsAsync().GetAwaiter().GetResult();
        Emit(compilation, generated.Concat(found));
    }

    void Emit(Microsoft.CodeAnalysis.Compilation compilation, IEnumerable<Diagnostic> before)
    {
        using var assembly = new MemoryStream();
        using var symbols = new MemoryStream();
        using var documentation = Project.HasDocumentation ? new MemoryStream() : null;
        var resources = Resources.Select(
            one => new ResourceDescription(one.Name, () => File.OpenRead(one.File), isPublic: true));
        var emitted = compilation.Emit(
            assembly,
            symbols,
            documentation,
            manifestResources: resources,
            options: new EmitOptions(debugInformationFormat: DebugInformationFormat.PortablePdb));
        var problems = before.Concat(emitted.Diagnostics)
            .Where(one => !one.IsSuppressed && one.Severity >= DiagnosticSeverity.Warning)
            .Select(one => one.ToString()).Distinct().ToArray();
        if (problems.Length > 0 || !emitted.Success)
        {
            throw new BuildException(string.Join('\n', problems));
        }
        File.WriteAllBytes(Path.ChangeExtension(Output, ".pdb"), symbols.ToArray());
        if (documentation is not null)
        {
            File.WriteAllBytes(Path.ChangeExtension(Output, ".xml"), documentation.ToArray());
        }
        File.WriteAllBytes(Output, assembly.ToArray());
    }

    IEnumerable<string> Symbols() =>
    [
        .. Project["DefineConstants"].Split(';', StringSplitOptions.RemoveEmptyEntries),
        "TRACE", Project["Configuration"].ToUpperInvariant(), "NET", "NETCOREAPP", "NET10_0",
        .. Enumerable.Range(5, 6).Select(version => $"NET{version}_0_OR_GREATER"),
    ];

    (ImmutableArray<DiagnosticAnalyzer> Analyzers, IReadOnlyList<ISourceGenerator> Generators) LoadAnalyzers()
    {
        var loader = new Loader();
        var files = Analyzers.Select(path => new AnalyzerFileReference(path, loader)).ToArray();
        foreach (var file in files)
        {
            loader.AddDependencyLocation(file.FullPath);
            file.AnalyzerLoadFailed += (_, problem) =>
            {
                // A file without an analyzer for C# is a helper of one.
                if (problem.ErrorCode != AnalyzerLoadFailureEventArgs.FailureErrorCode.NoAnalyzers)
                {
                    throw new BuildException($"{file.FullPath}: {problem.Message}");
                }
            };
        }
        return ([.. files.SelectMany(file => file.GetAnalyzers(LanguageNames.CSharp))],
            [.. files.SelectMany(file => file.GetGenerators(LanguageNames.CSharp))]);
    }

    sealed class Loader : IAnalyzerAssemblyLoader
    {
        private readonly Dictionary<string, string> _paths = [];

        public Loader() => AppDomain.CurrentDomain.AssemblyResolve += (_, asked) =>
            _paths.TryGetValue(new AssemblyName(asked.Name).Name!, out var path) ? Assembly.LoadFrom(path) : null;

        public void AddDependencyLocation(string fullPath) =>
            _paths.TryAdd(Path.GetFileNameWithoutExtension(fullPath), fullPath);

        public Assembly LoadFromPath(string fullPath) => Assembly.LoadFrom(fullPath);
    }

    sealed class FileText(string path) : AdditionalText
    {
        public override string Path => path;

        public override SourceText GetText(CancellationToken cancellationToken = default) =>
            SourceText.From(File.ReadAllText(path));
    }
}
