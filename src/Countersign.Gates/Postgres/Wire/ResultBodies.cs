using System.Buffers.Binary;

namespace Countersign.Gates.Postgres.Wire;

/// <summary>One column of a RowDescription.</summary>
/// <param name="Name">Its heading.</param>
/// <param name="Table">OID of the table whose column it is; zero for an expression.</param>
/// <param name="Attribute">Number of that column.</param>
/// <param name="Type">OID of its type.</param>
/// <param name="TypeSize">Bytes of the type; negative where they vary.</param>
/// <param name="TypeModifier">Such as the length of a varchar.</param>
/// <param name="IsBinary">Zero in the answer to Describe of a statement, where it is not known yet.</param>
internal readonly ref struct ResultColumn(
    ReadOnlySpan<byte> name, uint table, short attribute, uint type, short typeSize, int typeModifier, bool isBinary)
{
    public ReadOnlySpan<byte> Name { get; } = name;

    public uint Table => table;

    public short Attribute => attribute;

    public uint Type => type;

    public short TypeSize => typeSize;

    public int TypeModifier => typeModifier;

    public bool IsBinary => isBinary;
}

/// <summary>
/// RowDescription: Int16 count; each String name, Int32 table, Int16 attribute, Int32 type, Int16 size, Int32 modifier,
/// Int16 format.
/// </summary>
internal ref struct RowDescriptionBody
{
    /// <summary>An empty name is one NUL; 18 bytes follow it.</summary>
    private const int ShortestColumn = 1 + 18;

    private BodyReader _reader;
    private int _left;

    private RowDescriptionBody(BodyReader reader, int count)
    {
        _reader = reader;
        _left = count;
        Count = count;
    }

    public int Count { get; }

    public ResultColumn Current { get; private set; }

    public static RowDescriptionBody Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader("RowDescription", body);
        var count = reader.Count(ShortestColumn);
        var description = new RowDescriptionBody(reader, count);

        // Walked once, so that whoever goes over it later meets no surprise half-way.
        var walk = description;
        while (walk.MoveNext())
        {
        }

        walk._reader.End();
        return description;
    }

    public readonly RowDescriptionBody GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_left == 0)
        {
            return false;
        }

        _left--;
        var name = _reader.String();
        Current = new ResultColumn(
            name, _reader.UInt32(), (short)_reader.Int16(), _reader.UInt32(), (short)_reader.Int16(), _reader.Int32(),
            _reader.Int16() == 1);
        return true;
    }
}

/// <summary>ParameterDescription: Int16 count, Int32 type of each parameter.</summary>
internal readonly ref struct ParameterDescriptionBody
{
    public int Count => Types.Length / sizeof(uint);

    private ReadOnlySpan<byte> Types { get; init; }

    public static ParameterDescriptionBody Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader("ParameterDescription", body);
        var types = reader.Bytes(reader.Count(sizeof(uint)) * sizeof(uint));
        reader.End();
        return new ParameterDescriptionBody { Types = types };
    }

    public uint Type(int index) => BinaryPrimitives.ReadUInt32BigEndian(Types[(index * sizeof(uint))..]);
}

/// <summary>DataRow: Int16 count; each Int32 length (-1 is NULL) and bytes.</summary>
internal ref struct DataRowBody
{
    private const int Null = -1;

    private BodyReader _reader;
    private int _left;

    private DataRowBody(BodyReader reader, int count)
    {
        _reader = reader;
        _left = count;
        Count = count;
    }

    public int Count { get; }

    /// <summary>Whether <see cref="Current"/> is NULL, which also has no bytes.</summary>
    public bool IsNull { get; private set; }

    public ReadOnlySpan<byte> Current { get; private set; }

    public static DataRowBody Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader("DataRow", body);
        var count = reader.Count(sizeof(int));
        var row = new DataRowBody(reader, count);

        // Walked once, so that whoever goes over it later meets no surprise half-way.
        var walk = row;
        while (walk.MoveNext())
        {
        }

        walk._reader.End();
        return row;
    }

    public bool MoveNext()
    {
        if (_left == 0)
        {
            return false;
        }

        _left--;
        var length = _reader.Int32();
        IsNull = length == Null;
        Current = IsNull ? default : _reader.Bytes(length);
        return true;
    }
}
