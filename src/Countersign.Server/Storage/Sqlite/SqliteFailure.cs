using System.Text.Json;
using Countersign.Core.Storage;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>Says in words what SQLite says in numbers (https://www.sqlite.org/rescode.html).</summary>
internal static class SqliteFailure
{
    /// <summary>Whether a rule of the schema was broken: our own bug, and never another write's.</summary>
    public static bool IsBrokenRule(SqliteException failure) => failure.SqliteErrorCode == raw.SQLITE_CONSTRAINT;

    /// <summary>Whether something was read from the file that this program never wrote there.</summary>
    public static bool IsDamage(Exception e) => e
        is FormatException or InvalidDataException or JsonException or ArgumentException or IndexOutOfRangeException;

    public static StoreUnavailableException Damaged(Exception e, string path) => new(
        $"The store '{path}' is damaged: {e.Message} Restore it from a backup, and verify that with "
        + "'countersign ledger verify'.",
        e);

    public static StoreUnavailableException ToUnavailable(SqliteException failure, string path) => new(
        $"The store '{path}' cannot be used: {ReasonOf(failure)} (SQLite {failure.SqliteExtendedErrorCode}: "
        + $"{failure.Message}). {RemedyOf(failure)}",
        failure);

    private static string ReasonOf(SqliteException failure) => failure.SqliteErrorCode switch
    {
        raw.SQLITE_FULL => "the disk is full",
        raw.SQLITE_IOERR => "the disk failed to read or write",
        raw.SQLITE_READONLY => "the file is read-only",
        raw.SQLITE_CANTOPEN or raw.SQLITE_PERM => "the file cannot be opened",
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => "another program holds its lock",
        raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => "the file is damaged",
        _ => "SQLite refused",
    };

    private static string RemedyOf(SqliteException failure) => failure.SqliteErrorCode switch
    {
        raw.SQLITE_FULL => "Free space on that disk; commits resume by themselves.",
        raw.SQLITE_IOERR => "Check the disk and the system's log; commits resume by themselves once it works.",
        raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN or raw.SQLITE_PERM =>
            "Make the file and its folder readable and writable for the user that runs countersign.",
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => "Close the other program that has the file open.",
        raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => "Restore it from a backup.",
        _ => "Try again; if it lasts, report it with this text.",
    };
}
