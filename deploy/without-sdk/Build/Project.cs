using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Countersign.WithoutSdk;

/// <summary>An item of a project file: its kind, what it includes, and its other attributes.</summary>
sealed record Item(string Kind, string Include, IReadOnlyDictionary<string, string> Attributes);

/// <summary>
/// A project file as this repository writes them: properties, items, <c>$(…)</c> and conditions of the form
/// <c>'…' == '…'</c>. Everything else is refused, so that nothing is built other than the SDK would build it.
/// </summary>
sealed class Project
{
    static readonly HashSet<string> KnownProperties =
    [
        "TargetFramework", "LangVersion", "Nullable", "ImplicitUsings", "TreatWarningsAsErrors", "AnalysisLevel",
        "EnforceCodeStyleInBuild", "Deterministic", "InvariantGlobalization", "SatelliteResourceLanguages", "Version",
        "Company", "Product", "Copyright", "OutputType", "AssemblyName", "RootNamespace", "RequiresAspNetWebAssets",
        "AllowUnsafeBlocks",
        "DefineConstants", "IsPackable", "DefaultItemExcludes", "IsAotCompatible", "GenerateDocumentationFile",
        "Description", "PackageLicenseExpression",
        // Without meaning here: what is built without the SDK is compiled when it runs.
        "PublishReadyToRun", "UseCurrentRuntimeIdentifier", "AppendRuntimeIdentifierToOutputPath", "SelfContained",
    ];

    static readonly HashSet<string> KnownItems =
    [
        "PackageReference", "ProjectReference", "FrameworkReference", "InternalsVisibleTo", "EmbeddedResource",
        "AdditionalFiles", "RuntimeHostConfigurationOption", "Content", "Using", "Compile", "PublishReadyToRunExclude",
    ];

    // Interpreted: the builder is compiled without source generators.
    static readonly Regex EqualityPattern = new(@"^\s*'([^']*)'\s*==\s*'([^']*)'\s*$");
    static readonly Regex PropertyPattern = new(@"\$\(([A-Za-z]+)\)");

    readonly Dictionary<string, string> _properties = [];
    readonly List<Item> _items = [];

    public Project(string root, string path, string configuration)
    {
        Path = System.IO.Path.GetFullPath(path);
        Folder = System.IO.Path.GetDirectoryName(Path)!;
        _properties["Configuration"] = configuration;
        _properties["MSBuildThisFileDirectory"] = root + "/";
        Read(System.IO.Path.Combine(root, "Directory.Build.props"));
        var sdk = Read(Path).Attribute("Sdk")?.Value;
        IsWeb = sdk switch
        {
            "Microsoft.NET.Sdk" => false,
            "Microsoft.NET.Sdk.Web" => true,
            _ => throw new BuildException($"{Path}: the SDK {sdk} is unknown here."),
        };
    }

    public string Path { get; }

    public string Folder { get; }

    public bool IsWeb { get; }

    public bool IsProgram => this["OutputType"] == "Exe";

    /// <summary>Whether the analyzers for trimming and ahead-of-time compilation look at it.</summary>
    public bool IsAotCompatible => this["IsAotCompatible"] == "true";

    public bool HasDocumentation => this["GenerateDocumentationFile"] == "true";

    public bool UsesAspNet =>
        IsWeb || Items("FrameworkReference").Any(item => item.Include == "Microsoft.AspNetCore.App");

    public string Assembly => this["AssemblyName"] is { Length: > 0 } name
        ? name
        : System.IO.Path.GetFileNameWithoutExtension(Path);

    public string RootNamespace => this["RootNamespace"] is { Length: > 0 } name ? name : Assembly;

    public string Output => System.IO.Path.Combine(Folder, "bin", this["Configuration"], "net10.0");

    public string Intermediate => System.IO.Path.Combine(Folder, "obj", this["Configuration"], "without-sdk");

    public string this[string property] => _properties.GetValueOrDefault(property, "");

    public IEnumerable<Item> Items(string kind) => _items.Where(item => item.Kind == kind);

    public string InFolder(string relative) => System.IO.Path.GetFullPath(System.IO.Path.Combine(Folder, relative));

    /// <summary>
    /// The project's own files with an ending, without what was built and what the project excludes, and those of others
    /// that it names.
    /// </summary>
    public IEnumerable<string> Sources(string ending)
    {
        var excluded = this["DefaultItemExcludes"].Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(pattern => pattern.EndsWith("/**", StringComparison.Ordinal)
                ? pattern[..^3]
                : throw new BuildException($"{Path}: the exclusion {pattern} is not of the form FOLDER/**."))
            .Concat(["bin", "obj"]).ToHashSet();
        return Directory.EnumerateFiles(Folder, "*" + ending, SearchOption.AllDirectories)
            .Where(file => !excluded.Contains(System.IO.Path.GetRelativePath(Folder, file).Split('/')[0]))
            .Concat(Items("Compile").Select(item => InFolder(item.Include))
                .Where(file => file.EndsWith(ending, StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal);
    }

    XElement Read(string path)
    {
        var file = XDocument.Load(path).Root!;
        foreach (var group in file.Elements().Where(group => Holds(group, path)))
        {
            foreach (var one in group.Elements().Where(one => Holds(one, path)))
            {
                var name = one.Name.LocalName;
                if (group.Name.LocalName == "PropertyGroup" && KnownProperties.Contains(name))
                {
                    _properties[name] = Expand(one.Value).TrimStart(';');
                }
                else if (group.Name.LocalName == "ItemGroup" && KnownItems.Contains(name))
                {
                    _items.Add(new Item(name, Expand(one.Attribute("Include")!.Value), one.Attributes()
                        .ToDictionary(attribute => attribute.Name.LocalName, attribute => Expand(attribute.Value))));
                }
                else
                {
                    throw new BuildException(
                        $"{path}: {group.Name.LocalName}/{name} is unknown here; see deploy/without-sdk.");
                }
            }
        }
        return file;
    }

    bool Holds(XElement element, string path)
    {
        if (element.Attribute("Condition")?.Value is not { } condition)
        {
            return true;
        }
        var match = EqualityPattern.Match(condition);
        return match.Success
            ? Expand(match.Groups[1].Value) == Expand(match.Groups[2].Value)
            : throw new BuildException($"{path}: the condition {condition} is not of the form 'A' == 'B'.");
    }

    string Expand(string text) => PropertyPattern.Replace(text, match => this[match.Groups[1].Value]);
}
