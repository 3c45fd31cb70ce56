// The first compiler: Debian's Mono compiles this file, and it compiles the builder in Build/ with Roslyn, which needs a newer C#.
// Arguments are those of csc. It knows no analyzers and no generators: the builder uses none.
using System;
using System.IO;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

static class First
{
    static int Main(string[] arguments)
    {
        var asked = CSharpCommandLineParser.Default.Parse(arguments, Directory.GetCurrentDirectory(), null);
        if (asked.Errors.Length > 0)
        {
            return Report(asked.Errors);
        }
        var trees = asked.SourceFiles.Select(file =>
        {
            using (var stream = File.OpenRead(file.Path))
            {
                return CSharpSyntaxTree.ParseText(SourceText.From(stream), asked.ParseOptions, file.Path);
            }
        });
        var references = asked.MetadataReferences.Select(
            file => (MetadataReference)MetadataReference.CreateFromFile(file.Reference, file.Properties));
        var compilation = CSharpCompilation.Create(
            asked.CompilationName, trees.ToArray(), references.ToArray(), asked.CompilationOptions);
        using (var output = File.Create(Path.Combine(asked.OutputDirectory, asked.OutputFileName)))
        {
            return Report(compilation.Emit(output).Diagnostics);
        }
    }

    static int Report(System.Collections.Generic.IEnumerable<Diagnostic> diagnostics)
    {
        var errors = diagnostics.Where(one => one.Severity == DiagnosticSeverity.Error).ToArray();
        foreach (var error in errors)
        {
            Console.Error.WriteLine(error);
        }
        return errors.Length > 0 ? 1 : 0;
    }
}
