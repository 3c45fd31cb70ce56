using System.Runtime.InteropServices;

namespace Countersign.EndToEnd.Support;

/// <summary>Where the things under test are.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>The built product; what <c>./countersign</c> runs, or what COUNTERSIGN_BINARY names.</summary>
    public static string Binary { get; } = FindBinary();

    /// <summary>The product with kill points, which only <c>./test</c> builds.</summary>
    public static string FaultyBinary
    {
        get
        {
            var path = Path.Combine(Root, "artifacts", "countersign-faults", "countersign");
            return File.Exists(path)
                ? path
                : throw new InvalidOperationException($"There is no '{path}': ./test builds it.");
        }
    }

    /// <summary>The folder of the npm packages and of the scripts that use them.</summary>
    public static string Node { get; } = Path.Combine(Root, "tests", "Countersign.EndToEnd", "node");

    /// <summary>The .NET installation these tests run on; the product is to run on the same.</summary>
    public static string DotNet { get; } =
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    /// <summary>A program of the npm packages.</summary>
    public static string NodeProgram(string name)
    {
        var path = Path.Combine(Node, "node_modules", ".bin", name);
        return File.Exists(path)
            ? path
            : throw new InvalidOperationException($"There is no '{path}': run ./test, or 'npm ci --prefix {Node}'.");
    }

    /// <summary>A file of the npm packages of the coding agents.</summary>
    public static string AgentFile(string name)
    {
        var folder = Path.Combine(Node, "agents");
        var path = Path.Combine(folder, "node_modules", name);
        return File.Exists(path)
            ? path
            : throw new InvalidOperationException($"There is no '{path}': run ./test, or 'npm ci --prefix {folder}'.");
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Countersign.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName
            ?? throw new InvalidOperationException("These tests run below the folder that holds Countersign.slnx.");
    }

    private static string FindBinary()
    {
        var path = Environment.GetEnvironmentVariable("COUNTERSIGN_BINARY") is { Length: > 0 } given
            ? given
            : Path.Combine(Root, "artifacts", "countersign", "countersign");
        return File.Exists(path)
            ? path
            : throw new InvalidOperationException(
                $"There is no '{path}': build it with './countersign --help', or name one in COUNTERSIGN_BINARY.");
    }
}
