using System.Buffers.Binary;

namespace Countersign.Gates.Postgres.Wire;

/// <summary>
/// Bind: String portal, String statement, the parameters' formats (Int16 count, Int16 each), the parameters (Int16
/// count, each Int32 length and bytes), the results' formats (Int16 count, Int16 each).
/// </summary>
internal readonly ref struct BindBody
{
    private const int BinaryFormat = 1;

    public ReadOnlySpan<byte> Portal { get; private init; }

    public ReadOnlySpan<byte> Statement { get; private init; }

    public int ParameterCount { get; private init; }

    /// <summary>None: all results as text; one: it is that of all; else one for each column.</summary>
    public int ResultFormatCount => ResultFormats.Length / sizeof(short);

    /// <summary>Everything behind the names, to be sent on under other names.</summary>
    public ReadOnlySpan<byte> Rest { get; private init; }

    /// <summary>Where the parameters stand in the body, in order.</summary>
    public BoundValues Parameters => new(Values, ValuesAt, ParameterFormats, ParameterCount);

    private ReadOnlySpan<byte> ParameterFormats { get; init; }

    private ReadOnlySpan<byte> Values { get; init; }

    private int ValuesAt { get; init; }

    private ReadOnlySpan<byte> ResultFormats { get; init; }

    public static BindBody Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader("Bind", body);
        var portal = reader.String();
        var statement = reader.String();
        return Read(ref reader, body.Length) with { Portal = portal, Statement = statement };
    }

    /// <summary>The <see cref="Rest"/> of one, kept without its names; values stand where they do in it.</summary>
    public static BindBody ReadRest(ReadOnlySpan<byte> rest)
    {
        var reader = new BodyReader("Bind", rest);
        return Read(ref reader, rest.Length);
    }

    private static BindBody Read(scoped ref BodyReader reader, int length)
    {
        var rest = reader.Rest;
        var formats = Formats(ref reader);
        var count = reader.Count(sizeof(int));
        if (formats.Length / sizeof(short) is var given && given > 1 && given != count)
        {
            throw reader.Malformed($"has {given} parameter formats for {count} parameters");
        }

        var values = reader.Rest;
        PassValues(ref reader, formats, count);
        var bind = new BindBody
        {
            Rest = rest,
            ParameterFormats = formats,
            ParameterCount = count,
            Values = values[..^reader.Rest.Length],
            ValuesAt = length - values.Length,
            ResultFormats = Formats(ref reader),
        };
        reader.End();
        return bind;
    }

    /// <summary>Whether the client wants this result column in binary; columns without a format come as text.</summary>
    public bool IsBinaryResult(int column) =>
        (ResultFormatCount < 2 || column < ResultFormatCount) && IsBinary(ResultFormats, column);

    /// <summary>None are text, one is that of all, else each has its own.</summary>
    internal static bool IsBinary(ReadOnlySpan<byte> formats, int index) => formats.Length switch
    {
        0 => false,
        sizeof(short) => FormatAt(formats, 0) == BinaryFormat,
        _ => FormatAt(formats, index) == BinaryFormat,
    };

    private static int FormatAt(ReadOnlySpan<byte> formats, int index) =>
        BinaryPrimitives.ReadInt16BigEndian(formats[(index * sizeof(short))..]);

    private static ReadOnlySpan<byte> Formats(scoped ref BodyReader reader)
    {
        var formats = reader.Bytes(reader.Count(sizeof(short)) * sizeof(short));
        for (var index = 0; index < formats.Length / sizeof(short); index++)
        {
            if (FormatAt(formats, index) is var format and not (0 or BinaryFormat))
            {
                throw reader.Malformed($"asks for the format {format}; there are 0 (text) and 1 (binary)");
            }
        }

        return formats;
    }

    private static void PassValues(scoped ref BodyReader reader, scoped ReadOnlySpan<byte> formats, int count)
    {
        for (var index = 0; index < count; index++)
        {
            if (reader.Int32() is var length and not BoundValue.Null
                && reader.Bytes(length) is var value && !IsBinary(formats, index))
            {
                reader.RefuseUnlessText(value);
            }
        }
    }
}

/// <summary>One parameter: where its bytes stand in the body of its Bind.</summary>
internal readonly record struct BoundValue(int Offset, int Length, bool IsBinary)
{
    internal const int Null = -1;

    public bool IsNull => Length == Null;

    /// <summary>Its bytes; none for NULL.</summary>
    public ReadOnlySpan<byte> In(ReadOnlySpan<byte> body) => IsNull ? default : body.Slice(Offset, Length);
}

/// <summary>Goes over the parameters of a Bind that was read, without an allocation.</summary>
internal ref struct BoundValues(ReadOnlySpan<byte> values, int offset, ReadOnlySpan<byte> formats, int count)
{
    private readonly ReadOnlySpan<byte> _values = values;
    private readonly ReadOnlySpan<byte> _formats = formats;
    private int _next;
    private int _position;

    public BoundValue Current { get; private set; }

    public readonly BoundValues GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_next == count)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(_values[_position..]);
        _position += sizeof(int);
        Current = new BoundValue(offset + _position, length, BindBody.IsBinary(_formats, _next));
        _position += Math.Max(length, 0);
        _next++;
        return true;
    }
}
