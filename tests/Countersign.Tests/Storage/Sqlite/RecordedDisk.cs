using System.Runtime.InteropServices;
using Countersign.Server.Storage.Sqlite;

namespace Countersign.Tests.Storage.Sqlite;

/// <summary>One thing that SQLite did to its files, in the order in which it did it.</summary>
internal abstract record DiskStep
{
    private DiskStep()
    {
    }

    public sealed record Write(bool IsWal, long Offset, byte[] Bytes) : DiskStep;

    public sealed record Truncate(bool IsWal, long Length) : DiskStep;

    /// <summary>Everything written to the file before is on the disk when this has returned.</summary>
    public sealed record Sync(bool IsWal) : DiskStep;
}

/// <summary>
/// Stands between SQLite and the operating system for the database and its WAL, and records every write, truncation and
/// flush. It exchanges the methods of the open files (https://www.sqlite.org/c3ref/io_methods.html).
/// </summary>
internal sealed class RecordedDisk
{
    private const int FilePointer = 7;
    private const int JournalPointer = 28;

    // Version, then xClose, xRead, xWrite, xTruncate, xSync and so on: pointers, the first behind the padded version.
    private const int WriteSlot = 3;
    private const int TruncateSlot = 4;
    private const int SyncSlot = 5;
    private const int Slots = 19;

    private static readonly Control FileControl = Marshal.GetDelegateForFunctionPointer<Control>(
        NativeLibrary.GetExport(NativeLibrary.Load("libsqlite3.so.0"), "sqlite3_file_control"));

    private readonly List<DiskStep> _steps = [];
    private readonly List<Delegate> _kept = [];
    private readonly Dictionary<nint, nint> _originals = [];

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int Control(nint database, string name, int operation, out nint file);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int WriteMethod(nint file, nint bytes, int count, long offset);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int TruncateMethod(nint file, long length);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int SyncMethod(nint file, int flags);

    /// <summary>How much has been recorded.</summary>
    public int Count
    {
        get
        {
            lock (_steps)
            {
                return _steps.Count;
            }
        }
    }

    public IReadOnlyList<DiskStep> Steps
    {
        get
        {
            lock (_steps)
            {
                return [.. _steps];
            }
        }
    }

    /// <summary>Has the shape of <see cref="SqliteStoreOptions.OnWriteConnection"/>.</summary>
    public void Attach(SqliteSession session)
    {
        var database = session.Handle.DangerousGetHandle();
        Intercept(Open(database, FilePointer), isWal: false);
        Intercept(Open(database, JournalPointer), isWal: true);
    }

    private static nint Open(nint database, int operation)
    {
        Assert.Equal(0, FileControl(database, "main", operation, out var file));
        Assert.NotEqual(0, file);
        return file;
    }

    private void Intercept(nint file, bool isWal)
    {
        var methods = Marshal.ReadIntPtr(file);
        var copy = Marshal.AllocHGlobal(Slots * nint.Size);
        for (var slot = 0; slot < Slots; slot++)
        {
            Marshal.WriteIntPtr(copy, slot * nint.Size, Marshal.ReadIntPtr(methods, slot * nint.Size));
        }

        var write = Original<WriteMethod>(methods, WriteSlot);
        var truncate = Original<TruncateMethod>(methods, TruncateSlot);
        var sync = Original<SyncMethod>(methods, SyncSlot);
        Put<WriteMethod>(copy, WriteSlot, (target, bytes, count, offset) =>
        {
            var content = new byte[count];
            Marshal.Copy(bytes, content, 0, count);
            Note(new DiskStep.Write(isWal, offset, content));
            return write(target, bytes, count, offset);
        });
        Put<TruncateMethod>(copy, TruncateSlot, (target, length) =>
        {
            Note(new DiskStep.Truncate(isWal, length));
            return truncate(target, length);
        });
        Put<SyncMethod>(copy, SyncSlot, (target, flags) =>
        {
            var result = sync(target, flags);
            Note(new DiskStep.Sync(isWal));
            return result;
        });
        _originals[file] = methods;
        Marshal.WriteIntPtr(file, copy);
    }

    private static T Original<T>(nint methods, int slot)
        where T : Delegate =>
        Marshal.GetDelegateForFunctionPointer<T>(Marshal.ReadIntPtr(methods, slot * nint.Size));

    private void Put<T>(nint methods, int slot, T method)
        where T : Delegate
    {
        _kept.Add(method);
        Marshal.WriteIntPtr(methods, slot * nint.Size, Marshal.GetFunctionPointerForDelegate(method));
    }

    private void Note(DiskStep step)
    {
        lock (_steps)
        {
            _steps.Add(step);
        }
    }
}
