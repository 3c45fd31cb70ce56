using System.Xml.Linq;

namespace Countersign.WithoutSdk;

/// <summary>
/// The packages of <c>packages.txt</c>, unpacked as <c>NAME/VERSION</c> in one of several folders, and what a project
/// gets of them: NuGet's choice of a framework's folder, and the closure over the dependencies that they declare.
/// </summary>
sealed class PackageFolders
{
    static readonly string[] Frameworks =
    [
        "net10.0", "net9.0", "net8.0", "net7.0", "net6.0", "net5.0", "netcoreapp3.1", "netcoreapp3.0", "netcoreapp2.1",
        "netcoreapp2.0", "netstandard2.1", "netstandard2.0", "netstandard1.6", "netstandard1.3",
        "netstandard1.1", "netstandard1.0",
    ];

    readonly string[] _folders;
    readonly Dictionary<string, string> _versions;

    public PackageFolders(string root, string[] folders)
    {
        _folders = folders;
        var list = Path.Combine(root, "deploy/without-sdk/packages.txt");
        _versions = File.ReadLines(list).Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split(' ')).ToDictionary(words => words[0], words => words[1]);
        var pins = XDocument.Load(Path.Combine(root, "Directory.Packages.props"));
        foreach (var pin in pins.Descendants("PackageVersion"))
        {
            var (name, version) = (pin.Attribute("Include")!.Value, pin.Attribute("Version")!.Value);
            if (_versions.TryGetValue(name.ToLowerInvariant(), out var listed) && listed != version)
            {
                throw new BuildException(
                    $"{list} has {name} {listed}, Directory.Packages.props {version}: make them one.");
            }
        }
    }

    public string Folder(string name)
    {
        var version = _versions.GetValueOrDefault(name.ToLowerInvariant())
            ?? throw new BuildException($"deploy/without-sdk/packages.txt does not list {name}.");
        var below = Path.Combine(name.ToLowerInvariant(), version);
        return _folders.Select(folder => Path.Combine(folder, below)).FirstOrDefault(Directory.Exists)
            ?? throw new BuildException($"The package {name} {version} is not in {string.Join(" or ", _folders)}.");
    }

    /// <summary>The packages and everything they depend on, without what the framework itself brings.</summary>
    public IReadOnlyCollection<string> Closure(IEnumerable<string> names, IReadOnlySet<string> framework)
    {
        var found = new SortedSet<string>(StringComparer.OrdinalIgnoreCase);
        var open = new Stack<string>(names);
        while (open.TryPop(out var name))
        {
            // As the SDK prunes: what the framework has is not taken from a package.
            if (!framework.Contains(name + ".dll") && found.Add(name))
            {
                foreach (var next in Dependencies(name))
                {
                    open.Push(next);
                }
            }
        }
        return found;
    }

    public IEnumerable<string> Libraries(string name)
    {
        var folder = Path.Combine(Folder(name), "lib");
        return Directory.Exists(folder)
            && Nearest(Directory.EnumerateDirectories(folder).Select(Path.GetFileName)) is { } framework
            ? Dlls(Path.Combine(folder, framework))
            : [];
    }

    public IEnumerable<string> Analyzers(string name) => Dlls(Path.Combine(Folder(name), "analyzers/dotnet/cs"));

    public static IEnumerable<string> Dlls(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.dll").Order(StringComparer.Ordinal) : [];

    IEnumerable<string> Dependencies(string name)
    {
        var file = Directory.EnumerateFiles(Folder(name), "*.nuspec").Single();
        var groups = XDocument.Load(file).Descendants().Where(element => element.Name.LocalName == "group").ToArray();
        var nearest = Nearest(groups.Select(Framework));
        return groups.Where(group => Framework(group) == nearest).Elements()
            .Select(element => element.Attribute("id")!.Value);
    }

    // ".NETStandard2.0" and "net8.0" alike, as older and newer packages write them.
    static string Framework(XElement group) => (group.Attribute("targetFramework")?.Value ?? "").ToLowerInvariant()
        .Replace(".netstandard", "netstandard", StringComparison.Ordinal)
        .Replace(".netcoreapp", "netcoreapp", StringComparison.Ordinal);

    static string? Nearest(IEnumerable<string?> among) => Frameworks.FirstOrDefault(among.Contains);
}
