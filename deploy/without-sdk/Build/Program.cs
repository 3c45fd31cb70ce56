namespace Countersign.WithoutSdk;

/// <summary>
/// Builds this repository's projects where the .NET SDK cannot be had: <c>build PATH -c CONFIGURATION</c> and
/// <c>publish PATH -c CONFIGURATION -o FOLDER</c>, as the SDK's commands of these names. It understands what the
/// projects here say and refuses the rest.
/// </summary>
static class Program
{
    static int Main(string[] arguments)
    {
        try
        {
            if (arguments is [var root, var packages, "build", var path, "-c", var configuration, ..])
            {
                var workshop = new Workshop(root, new PackageFolders(root, packages.Split(':')), configuration);
                foreach (var project in Projects(path))
                {
                    workshop.Build(project);
                }
                return 0;
            }
            if (arguments is [var top, var folders, "publish", var folder, "-c", var kind, "-o", var output, ..])
            {
                var workshop = new Workshop(top, new PackageFolders(top, folders.Split(':')), kind);
                Files.CopyFolder(workshop.Build(Projects(folder).Single()).Output, output);
                return 0;
            }
            throw new BuildException("Say: build PATH -c CONFIGURATION, or: publish PATH -c CONFIGURATION -o FOLDER.");
        }
        catch (BuildException problem)
        {
            Console.Error.WriteLine(problem.Message);
            return 1;
        }
    }

    // A solution's projects, or the one project of a folder.
    static IEnumerable<string> Projects(string path) =>
        path.EndsWith(".slnx", StringComparison.Ordinal)
            ? System.Xml.Linq.XDocument.Load(path).Descendants("Project")
                .Select(project => Path.Combine(Path.GetDirectoryName(path)!, project.Attribute("Path")!.Value))
            : Directory.EnumerateFiles(path, "*.csproj");
}

/// <summary>Why nothing was built, for a person.</summary>
sealed class BuildException(string message) : Exception(message);

static class Files
{
    public static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        }
    }

    public static void Copy(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, to, overwrite: true);
    }
}
