using System.Buffers.Text;

namespace Countersign.Gates.Postgres.Wire;

/// <summary>ReadyForQuery: Byte1 status.</summary>
internal static class ReadyForQueryBody
{
    public static TransactionStatus Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader("ReadyForQuery", body);
        var status = (TransactionStatus)reader.Byte();
        reader.End();
        return status is TransactionStatus.Idle or TransactionStatus.InTransaction or TransactionStatus.Failed
            ? status
            : throw reader.Malformed($"has the unknown status {(byte)status}");
    }
}

/// <summary>CommandComplete: String tag.</summary>
internal readonly ref struct CommandCompleteBody
{
    public ReadOnlySpan<byte> Tag { get; private init; }

    /// <summary>The number at the end of the tag; <c>null</c> when it has none, as <c>CREATE TABLE</c>.</summary>
    public long? Rows
    {
        get
        {
            var number = Tag[(Tag.LastIndexOf((byte)' ') + 1)..];
            var isWhole = Utf8Parser.TryParse(number, out ulong rows, out var read) && read == number.Length;
            return isWhole && rows <= long.MaxValue ? (long)rows : null;
        }
    }

    public static CommandCompleteBody Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader("CommandComplete", body);
        var complete = new CommandCompleteBody { Tag = reader.String() };
        reader.End();
        return complete;
    }
}

/// <summary>ParameterStatus: String name, String value.</summary>
internal readonly ref struct ParameterStatusBody
{
    public ReadOnlySpan<byte> Name { get; private init; }

    public ReadOnlySpan<byte> Value { get; private init; }

    public static ParameterStatusBody Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader("ParameterStatus", body);
        var status = new ParameterStatusBody { Name = reader.String(), Value = reader.String() };
        reader.End();
        return status;
    }
}

/// <summary>BackendKeyData: Int32 process, and a key: 4 bytes in 3.0, 4 to 256 in 3.2.</summary>
internal readonly ref struct BackendKeyDataBody
{
    public const int ShortestKey = 4;
    public const int LongestKey = 256;

    public int ProcessId { get; private init; }

    public ReadOnlySpan<byte> Key { get; private init; }

    public static BackendKeyDataBody Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader("BackendKeyData", body);
        var data = new BackendKeyDataBody { ProcessId = reader.Int32(), Key = reader.Rest };
        return data.Key.Length is >= ShortestKey and <= LongestKey
            ? data
            : throw reader.Malformed($"has a key of {data.Key.Length} bytes; 4 to 256 are allowed");
    }
}

/// <summary>NotificationResponse: Int32 process, String channel, String payload.</summary>
internal readonly ref struct NotificationResponseBody
{
    public int ProcessId { get; private init; }

    public ReadOnlySpan<byte> Channel { get; private init; }

    public ReadOnlySpan<byte> Payload { get; private init; }

    public static NotificationResponseBody Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader("NotificationResponse", body);
        var notification = new NotificationResponseBody
        {
            ProcessId = reader.Int32(),
            Channel = reader.String(),
            Payload = reader.String(),
        };
        reader.End();
        return notification;
    }
}

/// <summary>Authentication: Int32 request, and what belongs to it.</summary>
internal readonly ref struct AuthenticationBody
{
    public AuthenticationRequest Request { get; private init; }

    public ReadOnlySpan<byte> Rest { get; private init; }

    public static AuthenticationBody Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader("Authentication", body);
        return new AuthenticationBody { Request = (AuthenticationRequest)reader.Int32(), Rest = reader.Rest };
    }
}

/// <summary>
/// NegotiateProtocolVersion: Int32 newest minor version, Int32 count, String name of each unknown option.
/// </summary>
internal static class NegotiateProtocolVersionBody
{
    /// <summary>The newest minor version that the server speaks. PostgreSQL 18 sends the whole version.</summary>
    public static int ReadMinor(ReadOnlySpan<byte> body)
    {
        const int major = 3 << 16;
        var reader = new BodyReader("NegotiateProtocolVersion", body);
        var version = reader.Int32();
        for (var options = reader.Int32(); options > 0; options--)
        {
            reader.String();
        }

        reader.End();
        return (version >= major ? version - major : version) is var minor and >= 0
            ? minor
            : throw reader.Malformed($"names the version {version}");
    }
}

/// <summary>CopyIn-, CopyOut- and CopyBothResponse: Int8 format, Int16 count, Int16 format of each column.</summary>
internal readonly ref struct CopyResponseBody
{
    public bool IsBinary { get; private init; }

    public int ColumnCount { get; private init; }

    public static CopyResponseBody Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader("CopyResponse", body);
        var format = reader.Byte();
        var columns = reader.Count(sizeof(short));
        for (var column = 0; column < columns; column++)
        {
            RefuseUnlessFormat(reader, reader.Int16());
        }

        reader.End();
        RefuseUnlessFormat(reader, format);
        return new CopyResponseBody { IsBinary = format == 1, ColumnCount = columns };
    }

    private static void RefuseUnlessFormat(BodyReader reader, int format)
    {
        if (format is not (0 or 1))
        {
            throw reader.Malformed($"names the format {format}; there are 0 (text) and 1 (binary)");
        }
    }
}
