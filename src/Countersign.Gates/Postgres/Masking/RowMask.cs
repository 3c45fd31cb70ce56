using System.Buffers.Binary;
using System.Collections.Immutable;
using Countersign.Core.Redaction;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres.Masking;

/// <summary>Writes the rows of one result again, with masks in place of what is masked.</summary>
internal sealed class RowMask
{
    private const int Null = -1;

    private readonly ColumnMask?[] _masks;
    private readonly int _last;

    public RowMask(
        int count, MaskPlan plan, ResultShape shape, ColumnRedactor redactor, Dictionary<string, long> counts)
    {
        _masks = new ColumnMask?[count];
        for (var i = 0; i < count; i++)
        {
            var treatment = plan.Of(i, count);
            var isAsItIs = treatment is null && !redactor.LooksForValues;
            // Without a description only NULL is certain to be read as what it is.
            _masks[i] = isAsItIs ? null
                : shape.Columns.Count == count ? ColumnMask.Of(shape.Columns[i], treatment, redactor, counts)
                : ColumnMask.Null;
        }

        _last = Array.FindLastIndex(_masks, static mask => mask is not null);
        Fields = [.. Enumerable.Range(0, count).Where(i => _masks[i] is { IsOfField: true })];
        Names = [.. Fields.Select(i => i < shape.Columns.Count ? shape.Columns[i].Name : "?column?")];
    }

    /// <summary>Columns that rules name.</summary>
    public ImmutableArray<int> Fields { get; }

    /// <summary>What those are called.</summary>
    public ImmutableArray<string> Names { get; }

    /// <summary>Whether every row passes as it is.</summary>
    public bool PassesAll => _last < 0;

    /// <summary>How many columns a row has.</summary>
    public static int CountIn(ReadOnlySpan<byte> row) =>
        row.Length < sizeof(ushort) ? throw Malformed() : BinaryPrimitives.ReadUInt16BigEndian(row);

    /// <summary>Appends one row.</summary>
    /// <param name="row">The body of a DataRow, with as many columns as this was made for.</param>
    /// <param name="to">The client.</param>
    /// <returns>How many values a rule masked.</returns>
    public int Write(ReadOnlySpan<byte> row, WireWriter to)
    {
        if (CountIn(row) != _masks.Length)
        {
            throw Malformed();
        }

        var (kept, at, masked) = (0, sizeof(ushort), 0);
        to.Begin(BackendMessage.DataRow);
        for (var i = 0; i <= _last; i++)
        {
            if (row.Length - at < sizeof(int))
            {
                throw Malformed();
            }

            var length = BinaryPrimitives.ReadInt32BigEndian(row[at..]);
            var value = at + sizeof(int);
            if (length < Null || length > row.Length - value)
            {
                throw Malformed();
            }

            var next = value + Math.Max(length, 0);
            if (length != Null && _masks[i] is { } mask)
            {
                to.Bytes(row[kept..at]);
                kept = at;
                if (mask.TryWrite(row[value..next], to))
                {
                    kept = next;
                    masked += mask.IsOfField ? 1 : 0;
                }
            }

            at = next;
        }

        to.Bytes(row[kept..]);
        to.End();
        return masked;
    }

    private static ProtocolViolation Malformed() =>
        new("The database sent a row that is not formed like one, and it holds masked columns.") { IsFatal = true };
}
