using System.Xml.Linq;

namespace Countersign.Tests.Architecture;

/// <summary>What project files refer to; unlike assemblies they also show references that are not used yet.</summary>
internal static class ProjectReferences
{
    // Server → Gates → Core; Client stands alone.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Countersign.Core"] = [],
        ["Countersign.Client"] = [],
        ["Countersign.Gates"] = ["Countersign.Core"],
        ["Countersign.Server"] = ["Countersign.Core", "Countersign.Gates"],
    };

    public static IEnumerable<Finding> Forbidden(SourceFile project)
    {
        string name = Path.GetFileNameWithoutExtension(project.Path);
        string[] allowed = Allowed.GetValueOrDefault(name, []);
        return XDocument.Parse(project.Text).Descendants("ProjectReference")
            .Select(reference => (string)reference.Attribute("Include")!)
            .Where(path => !allowed.Contains(Path.GetFileNameWithoutExtension(path.Replace('\\', '/'))))
            .Select(path => project.Finding(1, $"Remove the reference to {path}; {name} may not see it."));
    }
}
