using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Countersign.Core.Redaction;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres.Masking;

/// <summary>
/// Writes the rows of a COPY to the client again, with masks in place of what is masked. Rows are found in the data
/// however it is cut into messages. In text and CSV a mask is a text whatever the column's type is, so that nobody
/// loads it back as if it were data; in the binary format a masked value is NULL.
/// </summary>
internal sealed class CopyMask
{
    private readonly CopyFormat _format;
    private readonly CopyFields _fields;
    private readonly MaskPlan _plan;
    private readonly ImmutableArray<string> _names;
    private readonly ColumnRedactor _redactor;
    private readonly Dictionary<string, long> _counts;
    private readonly ArrayBufferWriter<byte> _pending = new();
    private readonly ArrayBufferWriter<byte> _found = new();
    private readonly int _columns;
    private readonly int _mostPending;
    private bool _isBehindFirst;

    public CopyMask(
        CopyFormat format, MaskPlan plan, CopyColumns columns, ColumnRedactor redactor, Dictionary<string, long> counts)
    {
        (_format, _plan, _redactor, _counts) = (format, plan, redactor, counts);
        _fields = new CopyFields(format);
        (_columns, _names, _mostPending) = (columns.Count, columns.Names, columns.MostPending);
        Fields = [.. Enumerable.Range(0, _columns).Where(i => plan.Of(i, _columns) is not null)];
    }

    /// <summary>Columns that rules name.</summary>
    public ImmutableArray<int> Fields { get; }

    /// <summary>Takes one piece of data, and appends the rows that are complete with it.</summary>
    /// <returns>How many values a rule masked.</returns>
    public int Take(ReadOnlySpan<byte> data, WireWriter to)
    {
        byte[]? joined = null;
        if (_pending.WrittenCount > 0)
        {
            _pending.Write(data);
            joined = _pending.WrittenSpan.ToArray();
            _pending.ResetWrittenCount();
        }

        var rest = joined ?? data;
        var masked = 0;
        for (var length = LengthIn(rest); length > 0; length = LengthIn(rest))
        {
            to.Begin(BackendMessage.CopyData);
            masked += WriteOne(rest[..length], to);
            to.End();
            _isBehindFirst = true;
            rest = rest[length..];
        }

        if (rest.Length > _mostPending)
        {
            throw MaskLimits.TooLong(rest.Length);
        }

        _pending.Write(rest);
        return masked;
    }

    /// <summary>The data is over.</summary>
    public void End()
    {
        if (_pending.WrittenCount > 0)
        {
            throw Malformed();
        }
    }

    private int LengthIn(ReadOnlySpan<byte> data) =>
        data.IsEmpty ? 0
        : _format.IsBinary ? CopyFields.BinaryLength(data, !_isBehindFirst)
        : _fields.RowLength(data);

    private int WriteOne(ReadOnlySpan<byte> row, WireWriter to)
    {
        var isHeader = !_isBehindFirst && (_format.IsBinary || _format.HasHeader);
        if (isHeader)
        {
            to.Bytes(row);
            return 0;
        }

        return _format.IsBinary ? WriteTuple(row, to) : WriteLine(row, to);
    }

    private int WriteTuple(ReadOnlySpan<byte> tuple, WireWriter to)
    {
        const short trailer = -1;
        const int none = -1;
        var count = BinaryPrimitives.ReadInt16BigEndian(tuple);
        if (count == trailer)
        {
            to.Bytes(tuple);
            return 0;
        }

        if (count != _columns)
        {
            throw Malformed();
        }

        to.Bytes(tuple[..sizeof(short)]);
        var (at, masked) = (sizeof(short), 0);
        for (var i = 0; i < count; i++)
        {
            var length = Math.Max(BinaryPrimitives.ReadInt32BigEndian(tuple[at..]), none);
            var next = at + sizeof(int) + Math.Max(length, 0);
            var isField = _plan.Of(i, count) is not null;
            if (length != none && (isField || IsFound(NameOf(i), tuple[(at + sizeof(int))..next])))
            {
                to.Int32(none);
                masked += isField ? 1 : 0;
            }
            else
            {
                to.Bytes(tuple[at..next]);
            }

            at = next;
        }

        return masked;
    }

    private int WriteLine(ReadOnlySpan<byte> line, WireWriter to)
    {
        var (at, column, masked) = (0, 0, 0);
        for (; at < line.Length; column++)
        {
            var end = _fields.FieldEnd(line, at);
            if (end < 0 || column >= _columns)
            {
                throw Malformed();
            }

            masked += WriteField(column, line[at..end], to);
            to.Bytes(line.Slice(end, 1));
            at = end + 1;
        }

        // Rows without columns are empty lines.
        return column == Math.Max(_columns, 1) ? masked : throw Malformed();
    }

    private int WriteField(int column, ReadOnlySpan<byte> field, WireWriter to)
    {
        if (_plan.Of(column, _columns) is not { } treatment)
        {
            WriteFound(column, field, to);
            return 0;
        }

        if (_fields.IsNull(field))
        {
            to.Bytes(field);
            return 0;
        }

        to.Bytes(ColumnRedactor.IsNothing(treatment)
            ? _format.Null
            : _fields.FieldOf(Encoding.UTF8.GetBytes(_redactor.MaskOf(treatment, _fields.ValueOf(field)))));
        return 1;
    }

    /// <summary>Detectors look at the value, and what they leave of it is written as a field again.</summary>
    private void WriteFound(int column, ReadOnlySpan<byte> field, WireWriter to)
    {
        var isFound = _redactor.LooksForValues && !_fields.IsNull(field)
            && IsFound(NameOf(column), _fields.ValueOf(field));
        to.Bytes(isFound ? _fields.FieldOf(_found.WrittenSpan) : field);
    }

    private bool IsFound(string column, ReadOnlySpan<byte> value)
    {
        _found.ResetWrittenCount();
        return _redactor.TryMask(column, ColumnType.Text, value, _found, _counts);
    }

    private string NameOf(int column) => column < _names.Length ? _names[column] : "";

    private static ProtocolViolation Malformed() =>
        new("The database sent COPY data that is not formed like it, and it holds masked columns.") { IsFatal = true };
}

/// <summary>The columns of COPY data.</summary>
/// <param name="Count">How many the database says there are.</param>
/// <param name="Names">What they are called, as far as that is known.</param>
/// <param name="MostPending">Bytes of one row.</param>
internal readonly record struct CopyColumns(int Count, ImmutableArray<string> Names, int MostPending);
