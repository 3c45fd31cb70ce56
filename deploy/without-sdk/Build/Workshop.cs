using System.Text;
using System.Text.Json;

namespace Countersign.WithoutSdk;

/// <summary>Builds projects and what they refer to, each once, as the SDK's targets would.</summary>
sealed class Workshop(string root, PackageFolders packages, string configuration)
{
    // The name of the program is compiled into the host in place of this; its tail is empty (dotnet/runtime, apphost).
    const string HostPlaceholder = "c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2";

    static readonly string[] BaseUsings =
    [
        "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Threading",
        "System.Threading.Tasks",
    ];

    static readonly string[] WebUsings =
    [
        "System.Net.Http.Json", "Microsoft.AspNetCore.Builder", "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Http", "Microsoft.AspNetCore.Routing", "Microsoft.Extensions.Configuration",
        "Microsoft.Extensions.DependencyInjection", "Microsoft.Extensions.Hosting", "Microsoft.Extensions.Logging",
    ];

    // Generators that a project must ask for, and none does.
    static readonly string[] Dormant =
    [
        "Microsoft.AspNetCore.Http.RequestDelegateGenerator.dll",
        "Microsoft.Extensions.Configuration.Binder.SourceGeneration.dll",
        "Microsoft.Interop.JavaScript.JSImportGenerator.dll",
    ];

    readonly Dictionary<string, Built> _built = [];

    /// <summary>What a project gives to those that refer to it.</summary>
    public sealed record Built(Project Project, string Output, IReadOnlyCollection<string> Packages, bool IsNew);

    public Built Build(string path)
    {
        path = Path.GetFullPath(path);
        if (!_built.TryGetValue(path, out var built))
        {
            _built[path] = built = BuildOnce(new Project(root, path, configuration));
        }
        return built;
    }

    Built BuildOnce(Project project)
    {
        var references = project.Items("ProjectReference")
            .Select(item => Build(project.InFolder(item.Include))).ToArray();
        var framework = FrameworkAssemblies(project);
        var names = project.Items("PackageReference").Select(item => item.Include)
            .Concat(references.SelectMany(reference => reference.Packages));
        var closure = packages.Closure(names, framework.Keys.ToHashSet());
        var assembly = Path.Combine(project.Output, project.Assembly + ".dll");
        var inputs = Inputs(project);
        if (references.Any(reference => reference.IsNew) || !IsCurrent(assembly, inputs))
        {
            Directory.CreateDirectory(project.Output);
            Directory.CreateDirectory(project.Intermediate);
            var libraries = closure.SelectMany(packages.Libraries)
                .Where(file => !framework.ContainsKey(Path.GetFileName(file))).ToArray();
            var asked = new Compilation
            {
                Project = project,
                Output = assembly,
                Sources = [.. project.Sources(".cs"), .. Written(project, closure)],
                References = [.. framework.Values, .. libraries, .. AssembliesOf(references)],
                Analyzers = [.. Analyzers(project, closure)],
                Resources = [.. Resources(project)],
                Additional = [.. project.Items("AdditionalFiles").Select(item => item.Include)],
                EditorConfig = Path.Combine(root, ".editorconfig"),
            };
            asked.Run();
            Finish(project, closure, libraries, references);
            return new Built(project, project.Output, closure, true);
        }
        return new Built(project, project.Output, closure, false);
    }

    static bool IsCurrent(string assembly, IReadOnlyCollection<string> inputs) =>
        File.Exists(assembly)
        && inputs.All(file => File.GetLastWriteTimeUtc(file) <= File.GetLastWriteTimeUtc(assembly));

    List<string> Inputs(Project project) =>
    [
        .. project.Sources(".cs"), .. project.Sources(".razor"),
        .. Resources(project).Select(resource => resource.File),
        project.Path, .. Directory.EnumerateFiles(root, "*.props"), Path.Combine(root, ".editorconfig"),
        Path.Combine(root, "BannedSymbols.txt"), Path.ChangeExtension(Environment.ProcessPath!, ".dll"),
    ];

    Dictionary<string, string> FrameworkAssemblies(Project project)
    {
        var folders = new List<string> { packages.Folder("Microsoft.NETCore.App.Ref") };
        if (project.UsesAspNet)
        {
            folders.Add(packages.Folder("Microsoft.AspNetCore.App.Ref"));
        }
        return folders.SelectMany(folder => PackageFolders.Dlls(Path.Combine(folder, "ref/net10.0")))
            .DistinctBy(Path.GetFileName).ToDictionary(file => Path.GetFileName(file)!);
    }

    static IEnumerable<string> AssembliesOf(IEnumerable<Built> references) =>
        references.SelectMany(reference => Transitive(reference.Project)).Distinct();

    static IEnumerable<string> Transitive(Project project) => PackageFolders.Dlls(project.Output)
        .Where(file => Path.GetFileName(file).StartsWith("countersign", StringComparison.OrdinalIgnoreCase));

    IEnumerable<string> Analyzers(Project project, IEnumerable<string> closure)
    {
        var frameworks = packages.Analyzers("Microsoft.NETCore.App.Ref")
            .Concat(project.UsesAspNet ? packages.Analyzers("Microsoft.AspNetCore.App.Ref") : []);
        var sdk = packages.Analyzers("Microsoft.CodeAnalysis.NetAnalyzers")
            .Concat(packages.Analyzers("Microsoft.CodeAnalysis.CSharp.CodeStyle"));
        var trimming = project.IsAotCompatible ? packages.Analyzers("Microsoft.NET.ILLink.Tasks") : [];
        return frameworks.Concat(sdk).Concat(trimming).Concat(closure.SelectMany(packages.Analyzers))
            .Where(file => !Dormant.Contains(Path.GetFileName(file)))
            .Where(file => !file.Contains("CodeFix", StringComparison.Ordinal))
            .DistinctBy(Path.GetFileName);
    }

    static IEnumerable<(string File, string Name)> Resources(Project project)
    {
        foreach (var item in project.Items("EmbeddedResource"))
        {
            var folder = project.InFolder(Path.GetDirectoryName(item.Include)!);
            var files = Directory.EnumerateFiles(folder, Path.GetFileName(item.Include));
            foreach (var file in files.Order(StringComparer.Ordinal))
            {
                yield return (file, item.Attributes["LogicalName"]
                    .Replace("%(Filename)", Path.GetFileNameWithoutExtension(file), StringComparison.Ordinal)
                    .Replace("%(Extension)", Path.GetExtension(file), StringComparison.Ordinal));
            }
        }
    }

    // What the SDK writes itself: implicit usings, the assembly's attributes, components as C#, the tests' entry point.
    List<string> Written(Project project, IReadOnlyCollection<string> closure)
    {
        var usings = BaseUsings.Concat(project.IsWeb ? WebUsings : [])
            .Concat(project.Items("Using").Select(item => item.Include));
        List<string> written =
        [
            Write(project, "Usings.g.cs", string.Concat(usings.Select(name => $"global using global::{name};\n"))),
            Write(project, "AssemblyInfo.g.cs", AssemblyInfo(project)),
        ];
        var razor = new RazorFolder(project);
        written.AddRange(razor.Components.Select(
            component => Write(project, component.Name + ".razor.g.cs", razor.Translate(component))));
        if (closure.Contains("xunit.v3.core.mtp-v1"))
        {
            written.Add(Write(project, "EntryPoint.g.cs", """
                static class EntryPoint
                {
                    static System.Threading.Tasks.Task<int> Main(string[] arguments) =>
                        Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(arguments);
                }
                """));
            written.Add(Path.Combine(packages.Folder("xunit.v3.core.mtp-v1"), "_content/DefaultRunnerReporters.cs"));
        }
        return written;
    }

    static string Write(Project project, string name, string text)
    {
        var path = Path.Combine(project.Intermediate, name);
        File.WriteAllText(path, "// <auto-generated/>\n" + text);
        return path;
    }

    static string AssemblyInfo(Project project)
    {
        var info = new StringBuilder(
            "[assembly: System.Runtime.Versioning.TargetFramework(\".NETCoreApp,Version=v10.0\")]\n");
        var version = project["Version"];
        (string Name, string Value)[] attributes =
        [
            ("Company", project["Company"]), ("Configuration", project["Configuration"]),
            ("Copyright", project["Copyright"]),
            ("FileVersion", version + ".0"), ("InformationalVersion", version), ("Product", project["Product"]),
            ("Title", project.Assembly), ("Version", version + ".0"),
        ];
        foreach (var (name, value) in attributes)
        {
            info.Append($"[assembly: System.Reflection.Assembly{name}(\"{value}\")]\n");
        }
        if (project.IsAotCompatible)
        {
            info.Append("[assembly: System.Reflection.AssemblyMetadata(\"IsTrimmable\", \"True\")]\n");
            info.Append("[assembly: System.Reflection.AssemblyMetadata(\"IsAotCompatible\", \"True\")]\n");
        }
        foreach (var friend in project.Items("InternalsVisibleTo"))
        {
            info.Append($"[assembly: System.Runtime.CompilerServices.InternalsVisibleTo(\"{friend.Include}\")]\n");
        }
        return info.ToString();
    }

    void Finish(
        Project project, IEnumerable<string> closure, IEnumerable<string> libraries, IEnumerable<Built> references)
    {
        foreach (var reference in references)
        {
            Files.CopyFolder(reference.Output, project.Output);
        }
        foreach (var library in libraries)
        {
            Files.Copy(library, Path.Combine(project.Output, Path.GetFileName(library)));
        }
        foreach (var content in project.Items("Content"))
        {
            Files.Copy(project.InFolder(content.Include), Path.Combine(project.Output, content.Include));
        }
        // Playwright's own targets put its driver beside the tests.
        if (closure.Contains("Microsoft.Playwright"))
        {
            var driver = packages.Folder("Microsoft.Playwright");
            foreach (var part in new[] { ".playwright/package", ".playwright/node/linux-x64" })
            {
                Files.CopyFolder(Path.Combine(driver, part), Path.Combine(project.Output, part));
            }
            MakeExecutable(Path.Combine(project.Output, ".playwright/node/linux-x64/node"));
        }
        if (project.IsProgram)
        {
            // A list of assemblies that the SDK left here would hide those that came since.
            File.Delete(Path.Combine(project.Output, project.Assembly + ".deps.json"));
            var config = Path.Combine(project.Output, project.Assembly + ".runtimeconfig.json");
            File.WriteAllText(config, RuntimeConfig(project, closure));
            WriteHost(project);
        }
    }

    static string RuntimeConfig(Project project, IEnumerable<string> closure)
    {
        var properties = new SortedDictionary<string, object>(StringComparer.Ordinal)
        {
            ["System.Globalization.Invariant"] = true,
            ["System.Globalization.PredefinedCulturesOnly"] = true,
            ["System.Runtime.Serialization.EnableUnsafeBinaryFormatterSerialization"] = false,
        };
        if (project.IsWeb)
        {
            properties["System.GC.Server"] = true;
        }
        if (closure.Contains("System.CommandLine"))
        {
            properties["System.CommandLine.ExecutableName"] = project.Assembly;
        }
        foreach (var option in project.Items("RuntimeHostConfigurationOption"))
        {
            var value = option.Attributes["Value"];
            properties[option.Include] = long.TryParse(value, out var number) ? number : value;
        }
        IEnumerable<string> frameworks = ["Microsoft.NETCore.App"];
        frameworks = project.UsesAspNet ? frameworks.Append("Microsoft.AspNetCore.App") : frameworks;
        return JsonSerializer.Serialize(new
        {
            runtimeOptions = new
            {
                tfm = "net10.0",
                frameworks = frameworks.Select(name => new { name, version = "10.0.0" }),
                configProperties = properties,
            },
        });
    }

    void WriteHost(Project project)
    {
        var host = File.ReadAllBytes(Path.Combine(
            packages.Folder("Microsoft.NETCore.App.Host.linux-x64"), "runtimes/linux-x64/native/apphost"));
        var placeholder = Encoding.UTF8.GetBytes(HostPlaceholder);
        var name = Encoding.UTF8.GetBytes(project.Assembly + ".dll");
        var place = host.AsSpan(host.AsSpan().IndexOf(placeholder), placeholder.Length);
        place.Clear();
        name.CopyTo(place);
        var path = Path.Combine(project.Output, project.Assembly);
        File.WriteAllBytes(path, host);
        MakeExecutable(path);
    }

    static void MakeExecutable(string path) => File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
}
