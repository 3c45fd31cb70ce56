using System.Collections.Immutable;
using Countersign.Core.Policies;

namespace Countersign.Server.Configuration;

/// <summary>Finds and reads the files of a policy: one file, or every *.yaml and *.yml of a folder.</summary>
internal static class PolicyFiles
{
    private static readonly string[] Endings = [".yaml", ".yml"];

    /// <param name="path">A file or a folder.</param>
    /// <param name="shownFrom">Names in errors are relative to this folder.</param>
    /// <exception cref="ConfigurationException">There is nothing to read; without a policy nothing is ever
    /// allowed.</exception>
    public static ImmutableArray<PolicyText> Read(string path, string shownFrom)
    {
        try
        {
            var files = Directory.Exists(path) ? FilesIn(path) : [path];
            return files.Count > 0
                ? [.. files.Select(file =>
                    new PolicyText(Path.GetRelativePath(shownFrom, file), File.ReadAllText(file)))]
                : throw new ConfigurationException(
                    $"The policy folder '{path}' holds no *.yaml file: write one, or point 'policies:' elsewhere.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(
                $"The policy '{path}' cannot be read: {failure.Message} Point 'policies:' at a file or folder.");
        }
    }

    private static List<string> FilesIn(string folder) =>
    [
        .. Directory.EnumerateFiles(folder)
            .Where(file => Endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal),
    ];
}
