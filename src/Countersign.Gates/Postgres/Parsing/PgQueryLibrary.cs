namespace Countersign.Gates.Postgres.Parsing;

/// <summary>Finds libpg_query, which is PostgreSQL's own grammar as a library.</summary>
internal static class PgQueryLibrary
{
    /// <summary>Names the library's file where it is in no usual place.</summary>
    public const string Variable = "COUNTERSIGN_LIBPG_QUERY";

    public const string Missing =
        "The PostgreSQL gate needs libpg_query, PostgreSQL's grammar as a library, and did not find it. Install it, on "
        + "Debian 12 with 'apt-get install libpg-query1504.0', or name its file in " + Variable + ", and start again.";

    /// <summary>The major version whose grammar this gate knows: the first digits behind the file's name.</summary>
    private const string Pattern = "libpg_query.so.15*";

    private static readonly string[] s_folders = 
        ["/usr/lib", "/usr/lib64", "/lib", "/usr/local/lib"];

    /// <summary>The library's file, or <c>null</c> when there is none.</summary>
    /// <param name="variable">Reads a variable of the environment.</param>
    public static string? Find(Func<string, string?> variable) => variable(Variable) is { Length: > 0 } named
        ? File.Exists(named) ? Path.GetFullPath(named) : null
        : s_folders.SelectMany(Candidates).FirstOrDefault();

    /// <summary>In the folder itself, and in those of one machine's kind below it (<c>x86_64-linux-gnu</c>).</summary>
    private static IEnumerable<string> Candidates(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateDirectories(folder, "*-linux-*")
            .Prepend(folder)
            .SelectMany(each => Directory.EnumerateFiles(each, Pattern))
            .Order(StringComparer.Ordinal)
        : [];
}
