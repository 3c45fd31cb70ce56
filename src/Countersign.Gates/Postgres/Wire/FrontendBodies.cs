using System.Buffers.Binary;

namespace Countersign.Gates.Postgres.Wire;

/// <summary>Query: String.</summary>
internal readonly ref struct QueryBody
{
    public ReadOnlySpan<byte> Text { get; private init; }

    public static QueryBody Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader("Query", body);
        var query = new QueryBody { Text = reader.String() };
        reader.End();
        return query;
    }
}

/// <summary>Parse: String statement, String text, Int16 count, Int32 type of each parameter.</summary>
internal readonly ref struct ParseBody
{
    public ReadOnlySpan<byte> Statement { get; private init; }

    public ReadOnlySpan<byte> Text { get; private init; }

    /// <summary>Types that the client gave; the others are the server's to find.</summary>
    public int ParameterTypeCount => ParameterTypes.Length / sizeof(uint);

    private ReadOnlySpan<byte> ParameterTypes { get; init; }

    public static ParseBody Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader("Parse", body);
        var parse = new ParseBody
        {
            Statement = reader.String(),
            Text = reader.String(),
            ParameterTypes = reader.Bytes(reader.Count(sizeof(uint)) * sizeof(uint)),
        };
        reader.End();
        return parse;
    }

    /// <summary>OID of a parameter's type; zero where the client left it open.</summary>
    public uint ParameterType(int index) =>
        BinaryPrimitives.ReadUInt32BigEndian(ParameterTypes[(index * sizeof(uint))..]);
}

/// <summary>Describe, and Close alike: Byte1 what, String name.</summary>
internal readonly ref struct DescribeBody
{
    public Preparation What { get; private init; }

    public ReadOnlySpan<byte> Name { get; private init; }

    public static DescribeBody Read(ReadOnlySpan<byte> body) => Read("Describe", body);

    public static DescribeBody ReadClose(ReadOnlySpan<byte> body) => Read("Close", body);

    private static DescribeBody Read(string message, ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(message, body);
        var what = (Preparation)reader.Byte();
        if (what is not (Preparation.Statement or Preparation.Portal))
        {
            throw reader.Malformed($"is about {(byte)what}, which is neither a statement nor a portal");
        }

        var described = new DescribeBody { What = what, Name = reader.String() };
        reader.End();
        return described;
    }
}

/// <summary>Execute: String portal, Int32 most rows.</summary>
internal readonly ref struct ExecuteBody
{
    public ReadOnlySpan<byte> Portal { get; private init; }

    /// <summary>Zero, or less, is no limit.</summary>
    public int MaxRows { get; private init; }

    public static ExecuteBody Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader("Execute", body);
        var execute = new ExecuteBody { Portal = reader.String(), MaxRows = reader.Int32() };
        reader.End();
        return execute;
    }
}

/// <summary>CopyFail: String reason.</summary>
internal readonly ref struct CopyFailBody
{
    public ReadOnlySpan<byte> Reason { get; private init; }

    public static CopyFailBody Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader("CopyFail", body);
        var fail = new CopyFailBody { Reason = reader.String() };
        reader.End();
        return fail;
    }
}

/// <summary>Sync, Flush, CopyDone, Terminate and the backend's bare answers: nothing.</summary>
internal static class EmptyBody
{
    public static void Read(ReadOnlySpan<byte> body) => new BodyReader("bodiless", body).End();
}
