namespace Countersign.Tests;

/// <summary>Where the repository and the test data beside it lie, found from the place of the running tests.</summary>
internal static class RepositoryRoot
{
    private const string Mark = "Countersign.slnx";

    public static string Path { get; } = Find();

    public static string Combine(params ReadOnlySpan<string> parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>A file or folder of the test data; without it the test skips at home and fails on CI.</summary>
    public static string SharedData(params ReadOnlySpan<string> parts)
    {
        string? path = FindSharedData(parts);
        Assert.SkipWhen(path is null, $"The test data {string.Join('/', parts)} is missing.");
        return path;
    }

    /// <summary>
    /// The same for what runs outside a test, as the source of a theory does: <c>null</c> where a test would skip.
    /// </summary>
    public static string? FindSharedData(params ReadOnlySpan<string> parts)
    {
        string path = System.IO.Path.GetFullPath(Combine(["..", "shared", "data", .. parts]));
        bool exists = File.Exists(path) || Directory.Exists(path);
        bool mustExist = Environment.GetEnvironmentVariable("CI") == "true";
        Assert.True(exists || !mustExist, $"The test data {path} is missing; put its folder beside the repository.");
        return exists ? path : null;
    }

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, Mark)))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds {Mark}.");
    }
}
