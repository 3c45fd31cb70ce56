using System.Runtime.InteropServices;
using Countersign.Server.Storage.Sqlite;

namespace Countersign.Tests.Storage.Sqlite;

/// <summary>
/// Runs a test's code inside SQLite's commit: the change is in the file already, and the store does not know it yet. It
/// takes the place of the automatic checkpoint of the WAL (https://www.sqlite.org/c3ref/wal_hook.html).
/// </summary>
internal sealed class CommitHook
{
    private static readonly SetHook Set = Marshal.GetDelegateForFunctionPointer<SetHook>(
        NativeLibrary.GetExport(NativeLibrary.Load("libsqlite3.so.0"), "sqlite3_wal_hook"));

    private readonly Committed _committed;

    public CommitHook() => _committed = (_, _, _, pages) =>
    {
        Pages = pages;
        return Then() ? SQLitePCL.raw.SQLITE_OK : SQLitePCL.raw.SQLITE_IOERR;
    };

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int Committed(nint context, nint connection, nint database, int pages);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate nint SetHook(nint connection, Committed? hook, nint context);

    /// <summary>What happens within each commit, and whether the store hears that it succeeded.</summary>
    public Func<bool> Then { get; set; } = static () => true;

    /// <summary>How many pages the WAL held after the latest commit.</summary>
    public int Pages { get; private set; }

    public void Attach(SqliteSession session) => Set(session.Handle.DangerousGetHandle(), _committed, 0);
}
