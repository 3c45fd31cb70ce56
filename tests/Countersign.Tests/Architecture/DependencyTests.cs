using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Countersign.Tests.Architecture;

public sealed class DependencyTests
{
    // Read once: every sample is compiled against everything that the tests themselves can see.
    private static readonly MetadataReference[] PlatformReferences =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    [Fact]
    public void Core_sees_none_of_our_projects() =>
        Assert.Empty(DependencyRules.Upward(AssemblyFile.Load("Countersign.Core")));

    [Fact]
    public void Gates_see_core_only() =>
        Assert.Empty(DependencyRules.Upward(AssemblyFile.Load("Countersign.Gates"), "Countersign.Core"));

    [Fact]
    public void The_server_sees_gates_and_core() =>
        Assert.Empty(DependencyRules.Upward(
            AssemblyFile.Load("countersign"), "Countersign.Core", "Countersign.Gates"));

    [Fact]
    public void The_client_sees_none_of_our_projects_and_of_others_only_the_abstractions()
    {
        var client = AssemblyFile.Load("Countersign.Client");

        Assert.Empty(DependencyRules.Upward(client));
        Assert.Equal(
            ["Microsoft.Extensions.AI.Abstractions"],
            client.Assemblies.Where(name => !name.StartsWith("System.", StringComparison.Ordinal)));
    }

    [Fact]
    public void No_project_file_refers_the_other_way() => Finding.AssertNone(Repository.TextFiles
        .Where(file => file.IsUnder("src") && file.Path.EndsWith(".csproj", StringComparison.Ordinal))
        .SelectMany(ProjectReferences.Forbidden));

    [Fact]
    public void Core_does_no_input_or_output_and_knows_no_clock_or_chance() =>
        Assert.Empty(DependencyRules.InputAndOutput(AssemblyFile.Load("Countersign.Core")));

    [Fact]
    public void Gates_do_not_see_each_other() => Finding.AssertNone(Repository.Product
        .Where(file => file.IsUnder("src/Countersign.Gates"))
        .SelectMany(DependencyRules.OtherGates));

    [Theory]
    [InlineData("System.IO.File.Exists(\"x\");")]
    [InlineData("new System.IO.FileInfo(\"x\");")]
    [InlineData("System.IO.Directory.Delete(\"x\");")]
    [InlineData("_ = System.DateTime.UtcNow;")]
    [InlineData("_ = System.DateTimeOffset.Now;")]
    [InlineData("System.Guid.NewGuid();")]
    [InlineData("new System.Random();")]
    [InlineData("System.Security.Cryptography.RandomNumberGenerator.GetBytes(1);")]
    [InlineData("_ = System.TimeProvider.System;")]
    [InlineData("System.Environment.GetEnvironmentVariable(\"x\");")]
    [InlineData("System.Console.WriteLine();")]
    [InlineData("new System.Net.Http.HttpClient();")]
    [InlineData("new System.Net.Sockets.TcpListener(1);")]
    [InlineData("System.Diagnostics.Process.Start(\"x\");")]
    [InlineData("N(); [System.Runtime.InteropServices.DllImport(\"x\")] static extern void N();")]
    public void What_reaches_outside_is_found(string statement) =>
        Assert.NotEmpty(DependencyRules.InputAndOutput(Compile("Sample", $"class C {{ void M() {{ {statement} }} }}")));

    [Theory]
    [InlineData("_ = System.IO.Path.Combine(\"a\", \"b\");")]
    [InlineData("System.Security.Cryptography.SHA256.HashData(new byte[1]);")]
    [InlineData("System.TimeProvider time = null; time.GetUtcNow();")]
    [InlineData("new System.IO.MemoryStream();")]
    public void What_stays_inside_is_not(string statement) =>
        Assert.Empty(DependencyRules.InputAndOutput(Compile("Sample", $"class C {{ void M() {{ {statement} }} }}")));

    [Fact]
    public void A_reference_the_other_way_is_found()
    {
        AssemblyFile gates = Compile(
            "Countersign.Gates", "class C { object M() => typeof(Countersign.Core.Actions.Json.JsonLimits); }");

        Assert.Single(DependencyRules.Upward(gates));
        Assert.Empty(DependencyRules.Upward(gates, "Countersign.Core"));
    }

    [Theory]
    [InlineData("Countersign.Core", "../Countersign.Gates/Countersign.Gates.csproj", 1)]
    [InlineData("Countersign.Client", @"..\Countersign.Core\Countersign.Core.csproj", 1)]
    [InlineData("Countersign.Gates", "../Countersign.Core/Countersign.Core.csproj", 0)]
    public void A_project_reference_the_other_way_is_found(string project, string reference, int findings) =>
        Assert.Equal(findings, ProjectReferences.Forbidden(new SourceFile(
            $"src/{project}/{project}.csproj",
            $"""<Project><ItemGroup><ProjectReference Include="{reference}" /></ItemGroup></Project>""")).Count());

    [Theory]
    [InlineData("Mcp/A.cs", "using Countersign.Gates.Api;", 1)]
    [InlineData("Mcp/Deep/A.cs", "using Countersign.Gates.Api.Deep;", 1)]
    [InlineData("Mcp/A.cs", "class C { Countersign.Gates.Api.ApiGate gate; }", 1)]
    [InlineData("Mcp/A.cs", "class C { Api.ApiGate gate; object M() => Api.ApiGate.Make(); }", 2)]
    [InlineData("Mcp/A.cs", "class C { object M() => Gates.Api.ApiGate.Make(); }", 1)]
    [InlineData("Usings.cs", "global using Countersign.Gates.Api;", 1)]
    [InlineData("Mcp/A.cs", "using Countersign.Gates.Mcp.Deep; using Countersign.Gates.Upstreams;", 0)]
    [InlineData("Mcp/A.cs", "using System.Net.Http; using Countersign.Core.Actions;", 0)]
    [InlineData("Mcp/A.cs", "namespace Countersign.Gates.Mcp; class C { object Http => this.Http.Other; }", 0)]
    [InlineData("Registration.cs", "using Countersign.Gates.Api;", 0)]
    public void A_gate_that_names_another_is_found(string path, string code, int findings) =>
        Assert.Equal(
            findings, DependencyRules.OtherGates(new SourceFile($"src/Countersign.Gates/{path}", code)).Count());

    private static AssemblyFile Compile(string name, string code)
    {
        var compilation = CSharpCompilation.Create(
            name,
            [CSharpSyntaxTree.ParseText(code)],
            PlatformReferences,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        var image = new MemoryStream();
        Assert.Empty(compilation.Emit(image).Diagnostics.Where(found => found.Severity == DiagnosticSeverity.Error));
        image.Position = 0;
        return AssemblyFile.Read(image);
    }
}
