using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Countersign.EndToEnd.Support;

/// <summary>A database as somebody with access to the file can change it behind the product's back.</summary>
internal static class StoreFile
{
    private static readonly Lazy<bool> s_library = new(Load);

    /// <summary>Flips one bit of a ciphertext and returns the number of the entry it belongs to.</summary>
    public static long TamperWithPayload(string path) => Change(
        path,
        "UPDATE payload SET ciphertext = $bytes WHERE entry = $entry",
        "SELECT entry, ciphertext FROM payload ORDER BY entry DESC LIMIT 1");

    /// <summary>Flips one bit of an entry and returns its number.</summary>
    public static long TamperWithEntry(string path) => Change(
        path,
        "DROP TRIGGER entry_is_never_updated; UPDATE entry SET leaf = $bytes WHERE position = $entry",
        "SELECT position, leaf FROM entry ORDER BY position DESC LIMIT 1");

    private static long Change(string path, string update, string select)
    {
        Assert.True(s_library.Value);
        using var database = new SqliteConnection($"Data Source={path};Pooling=False");
        database.Open();
        using var read = database.CreateCommand();
        read.CommandText = select;
        long entry;
        byte[] bytes;
        using (var row = read.ExecuteReader())
        {
            Assert.True(row.Read());
            entry = row.GetInt64(0);
            bytes = (byte[])row.GetValue(1);
        }

        bytes[bytes.Length / 2] ^= 1;
        using var write = database.CreateCommand();
        write.CommandText = update;
        write.Parameters.AddWithValue("$bytes", bytes);
        write.Parameters.AddWithValue("$entry", entry);
        write.ExecuteNonQuery();
        return entry;
    }

    /// <summary>The SQLite of the operating system, which the product uses as well.</summary>
    private static bool Load()
    {
        NativeLibrary.SetDllImportResolver(
            typeof(SQLite3Provider_e_sqlite3).Assembly, (_, _, _) => NativeLibrary.Load("libsqlite3.so.0"));
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
        return true;
    }
}
