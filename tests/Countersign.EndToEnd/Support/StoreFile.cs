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

    /// <summary>Every entry of the ledger, in order.</summary>
    public static IReadOnlyList<byte[]> ReadLeaves(string path) =>
        Query(path, "SELECT leaf FROM entry ORDER BY position", row => (byte[])row.GetValue(0));

    /// <summary>Every checkpoint that was ever committed.</summary>
    public static IReadOnlyList<string> ReadCheckpoints(string path) =>
        Query(path, "SELECT note FROM checkpoint ORDER BY size", row => row.GetString(0));

    /// <summary>How many tables and indexes there are, and the version of the schema if it says one.</summary>
    public static (long Parts, long? Version) ReadSchema(string path)
    {
        var parts = Query(path, "SELECT count(*) FROM sqlite_schema", row => row.GetInt64(0))[0];
        return (parts, parts == 0
            ? null
            : Query(path, "SELECT version FROM schema_version", row => row.GetInt64(0)).Cast<long?>().Single());
    }

    /// <summary>Runs a statement behind the product's back.</summary>
    public static void Run(string path, string sql)
    {
        Assert.True(s_library.Value);
        using var database = new SqliteConnection($"Data Source={path};Pooling=False");
        database.Open();
        using var command = database.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static List<T> Query<T>(string path, string sql, Func<SqliteDataReader, T> read)
    {
        Assert.True(s_library.Value);
        using var database = new SqliteConnection($"Data Source={path};Pooling=False");
        database.Open();
        using var command = database.CreateCommand();
        command.CommandText = sql;
        using var row = command.ExecuteReader();
        var rows = new List<T>();
        while (row.Read())
        {
            rows.Add(read(row));
        }

        return rows;
    }

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
