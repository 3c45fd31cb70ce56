using System.Reflection;
using System.Runtime.InteropServices;
using Countersign.Core.Storage;
using SQLitePCL;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>
/// Loads the SQLite of the operating system, which its distributor keeps patched. The names that the provider package
/// asks for are resolved to it.
/// </summary>
internal static class SystemSqlite
{
    /// <summary>STRICT tables need 3.37; 3.40 is the oldest that is tested.</summary>
    private const int OldestVersion = 3_040_000;

    private const string Remedy =
        "Install it with 'apt-get install libsqlite3-0' (Debian, Ubuntu) or your system's package of SQLite.";

    private static readonly string[] Names =
        ["libsqlite3.so.0", "libsqlite3.so", "libsqlite3.0.dylib", "libsqlite3.dylib", "winsqlite3.dll", "sqlite3.dll"];

    private static readonly Lazy<string?> Problem = new(Load);

    /// <summary>Makes SQLite usable in this process.</summary>
    /// <exception cref="StoreUnavailableException">The library is missing or too old.</exception>
    public static void EnsureLoaded()
    {
        if (Problem.Value is { } problem)
        {
            throw new StoreUnavailableException(problem);
        }
    }

    /// <summary>What is wrong with a library of this version number; <c>null</c> when it will do.</summary>
    internal static string? ProblemOf(int version) => version >= OldestVersion
        ? null
        : $"The system's SQLite ({Names[0]}) is version {Spell(version)}, and {Spell(OldestVersion)} or newer is "
            + $"needed. {Remedy}";

    private static string? Load()
    {
        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, Resolve);
        try
        {
            raw.SetProvider(new SQLite3Provider_e_sqlite3());
            return ProblemOf(raw.sqlite3_libversion_number());
        }
        catch (DllNotFoundException)
        {
            return $"The library {Names[0]} is missing, and the embedded store needs it. {Remedy}";
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        foreach (var candidate in Names)
        {
            if (NativeLibrary.TryLoad(candidate, out var library))
            {
                return library;
            }
        }

        return 0;
    }

    private static string Spell(int version) => $"{version / 1_000_000}.{version / 1000 % 1000}.{version % 1000}";
}
