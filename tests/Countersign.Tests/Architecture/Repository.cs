using System.Diagnostics;
using System.Text;

namespace Countersign.Tests.Architecture;

/// <summary>The files of the repository: what git would track; without git, everything but build output.</summary>
internal static class Repository
{
    private static readonly string[] BuiltFolders =
        [".git", ".vs", "bin", "obj", "artifacts", "node_modules", "TestResults"];

    /// <summary>Paths relative to the root, with slashes.</summary>
    public static IReadOnlyList<string> Paths { get; } = [.. ListByGit() ?? ListByWalking(RepositoryRoot.Path, "")];

    public static IReadOnlyList<SourceFile> TextFiles { get; } = [.. Paths.Select(TryRead).OfType<SourceFile>()];

    public static IEnumerable<SourceFile> Code => TextFiles.Where(file => file.IsCode && IsOurs(file));

    public static IEnumerable<SourceFile> CSharp => Code.Where(file => file.IsCSharp);

    public static IEnumerable<SourceFile> Product => CSharp.Where(file => file.IsUnder("src"));

    private static bool IsOurs(SourceFile file) =>
        file.IsUnder("src") || file.IsUnder("tests") || file.IsUnder("bench") || file.IsUnder("samples");

    private static List<string>? ListByGit()
    {
        string[] arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        try
        {
            using Process git = Process.Start(new ProcessStartInfo("git", arguments)
            {
                WorkingDirectory = RepositoryRoot.Path,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            string output = git.StandardOutput.ReadToEnd();
            git.WaitForExit();
            string[] paths = output.Split('\0', StringSplitOptions.RemoveEmptyEntries);
            return git.ExitCode == 0 ? [.. paths.Where(Exists)] : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // There is no git; a source archive is walked instead.
            return null;
        }
    }

    private static bool Exists(string path) => File.Exists(RepositoryRoot.Combine(path));

    private static IEnumerable<string> ListByWalking(string folder, string prefix)
    {
        IEnumerable<string> deeper = Directory.EnumerateDirectories(folder)
            .Where(inner => !BuiltFolders.Contains(Path.GetFileName(inner)))
            .SelectMany(inner => ListByWalking(inner, $"{prefix}{Path.GetFileName(inner)}/"));
        return Directory.EnumerateFiles(folder).Select(file => prefix + Path.GetFileName(file)).Concat(deeper);
    }

    private static SourceFile? TryRead(string path)
    {
        byte[] bytes = File.ReadAllBytes(RepositoryRoot.Combine(path));

        // A file with a zero byte is an image or a vector, not text.
        return bytes.Contains((byte)0) ? null : new SourceFile(path, Encoding.UTF8.GetString(bytes));
    }
}
