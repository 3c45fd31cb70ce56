using Microsoft.Data.Sqlite;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>Reads the columns of one row from left to right.</summary>
internal sealed class ColumnReader(SqliteDataReader reader)
{
    private int _next;

    public string Text() => reader.GetString(_next++);

    public string? TextOrNull() => reader.IsDBNull(_next) ? Skip<string>() : Text();

    public long Number() => reader.GetInt64(_next++);

    public long? NumberOrNull() => reader.IsDBNull(_next) ? Skip<long?>() : Number();

    public bool Flag() => Number() != 0;

    public byte[] Bytes() => (byte[])reader.GetValue(_next++);

    public byte[]? BytesOrNull() => reader.IsDBNull(_next) ? Skip<byte[]>() : Bytes();

    public DateTimeOffset Time() => new(Number(), TimeSpan.Zero);

    public DateTimeOffset? TimeOrNull() => reader.IsDBNull(_next) ? Skip<DateTimeOffset?>() : Time();

    /// <summary>
    /// A name that this program does not know, written by a newer one, is an error and never a guess.
    /// </summary>
    public T Enumeration<T>()
        where T : struct, Enum => Enum.Parse<T>(Text(), ignoreCase: true);

    public T? EnumerationOrNull<T>()
        where T : struct, Enum => reader.IsDBNull(_next) ? Skip<T?>() : Enumeration<T>();

    private T? Skip<T>()
    {
        _next++;
        return default;
    }
}
