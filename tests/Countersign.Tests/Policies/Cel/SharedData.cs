namespace Countersign.Tests.Policies.Cel;

/// <summary>Finds public test data that lies beside the project.</summary>
internal static class SharedData
{
    /// <summary>The path of a data file, or null when it is not there; missing data fails on CI.</summary>
    public static string? Find(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Countersign.slnx")))
        {
            folder = folder.Parent;
        }

        var path = folder is null ? "" : Path.GetFullPath(Path.Combine(folder.FullName, "../shared/data", name));
        if (File.Exists(path))
        {
            return path;
        }

        return Environment.GetEnvironmentVariable("CI") == "true"
            ? throw new FileNotFoundException($"The test data '{name}' is missing; CI may not pass without it.", path)
            : null;
    }
}
