using System.Buffers.Binary;

namespace Countersign.Gates.Postgres.Masking;

/// <summary>Where rows and fields of COPY data end (PostgreSQL manual, COPY, "File Formats").</summary>
internal sealed class CopyFields(CopyFormat format)
{
    private const byte NewLine = (byte)'\n';
    private const byte Backslash = (byte)'\\';
    private const int Unknown = -1;

    /// <summary>The length of the first row with its end; negative when it is not here as a whole.</summary>
    public int RowLength(ReadOnlySpan<byte> data)
    {
        if (!format.IsCsv)
        {
            // A line end that belongs to a value is written with a backslash.
            return data.IndexOf(NewLine) is var end and >= 0 ? end + 1 : Unknown;
        }

        for (var at = 0; at < data.Length; at++)
        {
            at = FieldEnd(data, at);
            if (at == Unknown)
            {
                return Unknown;
            }

            if (data[at] == NewLine)
            {
                return at + 1;
            }
        }

        return Unknown;
    }

    /// <summary>Where the field ends that begins here: at a delimiter, or at the end of the row.</summary>
    public int FieldEnd(ReadOnlySpan<byte> data, int start) =>
        format.IsCsv ? CsvFieldEnd(data, start) : TextFieldEnd(data, start);

    /// <summary>Whether a field is NULL, as far as that can be told.</summary>
    public bool IsNull(ReadOnlySpan<byte> field) => format.TellsNull && field.SequenceEqual(format.Null);

    /// <summary>The value that a field stands for.</summary>
    public byte[] ValueOf(ReadOnlySpan<byte> field)
    {
        var value = new List<byte>(field.Length);
        var isQuoted = format.IsCsv && field.Length > 1 && field[0] == format.Quote;
        var inside = isQuoted ? field[1..^1] : field;
        for (var i = 0; i < inside.Length; i++)
        {
            var isEscape = format.IsCsv ? isQuoted && inside[i] == format.Escape : inside[i] == Backslash;
            if (isEscape && i + 1 < inside.Length)
            {
                i++;
                value.Add(format.IsCsv ? inside[i] : ControlOf(inside[i]));
            }
            else
            {
                value.Add(inside[i]);
            }
        }

        return [.. value];
    }

    /// <summary>A text as a field of such a row.</summary>
    public byte[] FieldOf(ReadOnlySpan<byte> value)
    {
        var field = new List<byte>(value.Length + 2);
        foreach (var each in value)
        {
            if (format.IsCsv && (each == format.Quote || each == format.Escape))
            {
                field.Add(format.Escape);
            }
            else if (!format.IsCsv && (each == format.Delimiter || each == Backslash))
            {
                field.Add(Backslash);
            }

            field.Add(each);
        }

        return format.IsCsv ? [format.Quote, .. field, format.Quote] : [.. field];
    }

    /// <summary>The length of what begins here of the binary format; negative when it is not here as a whole.</summary>
    public static int BinaryLength(ReadOnlySpan<byte> data, bool isFirst)
    {
        // Signature, flags, length of what else the header has, and that.
        const int signature = 11;
        const int head = signature + sizeof(int) + sizeof(int);
        if (isFirst)
        {
            return data.Length < head
                ? Unknown
                : Whole(data, head + (long)BinaryPrimitives.ReadUInt32BigEndian(data[(head - sizeof(int))..]));
        }

        if (data.Length < sizeof(short))
        {
            return Unknown;
        }

        var fields = BinaryPrimitives.ReadInt16BigEndian(data);
        long at = sizeof(short);
        for (; fields > 0; fields--)
        {
            if (data.Length - at < sizeof(int))
            {
                return Unknown;
            }

            at += sizeof(int) + Math.Max(BinaryPrimitives.ReadInt32BigEndian(data[(int)at..]), 0);
        }

        return Whole(data, at);
    }

    private static int Whole(ReadOnlySpan<byte> data, long length) => length <= data.Length ? (int)length : Unknown;

    private int TextFieldEnd(ReadOnlySpan<byte> data, int start)
    {
        for (var at = start; at < data.Length;)
        {
            var next = data[at..].IndexOfAny(format.Delimiter, Backslash, NewLine);
            if (next < 0)
            {
                return Unknown;
            }

            at += next;
            if (data[at] != Backslash)
            {
                return at;
            }

            at += 2;
        }

        return Unknown;
    }

    private int CsvFieldEnd(ReadOnlySpan<byte> data, int start)
    {
        var at = start;
        if (at < data.Length && data[at] == format.Quote)
        {
            for (at++; at < data.Length; at++)
            {
                var isEscaped = data[at] == format.Escape && at + 1 < data.Length
                    && (data[at + 1] == format.Quote || data[at + 1] == format.Escape);
                if (isEscaped)
                {
                    at++;
                }
                else if (data[at] == format.Quote)
                {
                    break;
                }
            }

            at++;
        }

        var end = at < data.Length ? data[at..].IndexOfAny(format.Delimiter, NewLine) : Unknown;
        return end < 0 ? Unknown : at + end;
    }

    /// <summary>What a letter behind a backslash stands for.</summary>
    private static byte ControlOf(byte letter) => letter switch
    {
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        (byte)'n' => NewLine,
        (byte)'r' => (byte)'\r',
        (byte)'t' => (byte)'\t',
        (byte)'v' => (byte)'\v',
        _ => letter,
    };
}
