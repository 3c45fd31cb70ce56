using System.Buffers;
using System.Text;
using Countersign.Core.Redaction;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres.Masking;

/// <summary>
/// What is written in place of the values of one column. Texts get the mask itself, JSON the mask as a string, and
/// everything else NULL, because nothing but a value of its type could be read there.
/// </summary>
internal abstract class ColumnMask
{
    /// <summary>Of every column that a rule names and that cannot hold a mask.</summary>
    public static ColumnMask Null { get; } = new OfNull();

    /// <summary>Appends length and bytes of the mask.</summary>
    /// <returns>Whether the value is masked; else nothing was written.</returns>
    public abstract bool TryWrite(ReadOnlySpan<byte> value, WireWriter to);

    /// <summary>Whether it masks each value, because a rule names the column.</summary>
    public virtual bool IsOfField => true;

    public static ColumnMask? Of(
        in ShapedColumn column, Treatment? treatment, ColumnRedactor redactor, Dictionary<string, long> counts) =>
        treatment switch
        {
            null when redactor.LooksForValues => ValueMask.Of(column, redactor, counts),
            null => null,
            _ when ColumnRedactor.IsNothing(treatment) || !HoldsMask(column.Type) => Null,
            _ when ColumnRedactor.IsAlike(treatment) => new Alike(Framed(column, redactor.MaskOf(treatment, []))),
            _ => new OfValue(column, treatment, redactor),
        };

    /// <summary>Whether a mask is a value of the type.</summary>
    private static bool HoldsMask(uint type) => type
        is PostgresType.Text or PostgresType.Varchar or PostgresType.Bpchar or PostgresType.Name
        or PostgresType.Unknown or PostgresType.Json or PostgresType.Jsonb;

    public static bool IsJson(uint type) => type is PostgresType.Json or PostgresType.Jsonb;

    private static byte[] Framed(in ShapedColumn column, string mask)
    {
        // A mask holds nothing that JSON would escape.
        var text = Encoding.UTF8.GetBytes(IsJson(column.Type) ? $"\"{mask}\"" : mask);
        return column is { Type: PostgresType.Jsonb, IsBinary: true } ? [JsonbVersion, .. text] : text;
    }

    /// <summary>The first byte of a binary <c>jsonb</c>.</summary>
    public const byte JsonbVersion = 1;

    private sealed class OfNull : ColumnMask
    {
        public override bool TryWrite(ReadOnlySpan<byte> value, WireWriter to)
        {
            const int none = -1;
            to.Int32(none);
            return true;
        }
    }

    /// <summary>All values have the same mask.</summary>
    private sealed class Alike(byte[] mask) : ColumnMask
    {
        public override bool TryWrite(ReadOnlySpan<byte> value, WireWriter to)
        {
            to.Int32(mask.Length);
            to.Bytes(mask);
            return true;
        }
    }

    /// <summary>The mask depends on the value.</summary>
    private sealed class OfValue(ShapedColumn column, Treatment treatment, ColumnRedactor redactor) : ColumnMask
    {
        public override bool TryWrite(ReadOnlySpan<byte> value, WireWriter to)
        {
            var mask = Framed(column, redactor.MaskOf(treatment, value));
            to.Int32(mask.Length);
            to.Bytes(mask);
            return true;
        }
    }
}

/// <summary>Detectors look at the values of a column that no rule names.</summary>
internal sealed class ValueMask : ColumnMask
{
    private readonly ShapedColumn _column;
    private readonly ColumnRedactor _redactor;
    private readonly Dictionary<string, long> _counts;
    private readonly ArrayBufferWriter<byte> _masked = new();

    private ValueMask(in ShapedColumn column, ColumnRedactor redactor, Dictionary<string, long> counts) =>
        (_column, _redactor, _counts) = (column, redactor, counts);

    public override bool IsOfField => false;

    /// <summary>Of types whose values cannot be what is looked for, nothing is looked at.</summary>
    public static ValueMask? Of(in ShapedColumn column, ColumnRedactor redactor, Dictionary<string, long> counts) =>
        column.Type is PostgresType.Bool or PostgresType.Uuid or PostgresType.Time or PostgresType.Interval
            or PostgresType.Oid
            ? null
            : new ValueMask(column, redactor, counts);

    public override bool TryWrite(ReadOnlySpan<byte> value, WireWriter to)
    {
        _masked.ResetWrittenCount();
        if (!IsFoundIn(value))
        {
            return false;
        }

        if (!PostgresType.IsText(_column.Type) && _column.Type != PostgresType.Jsonb)
        {
            return Null.TryWrite(value, to);
        }

        var hasVersion = _column is { Type: PostgresType.Jsonb, IsBinary: true };
        to.Int32(_masked.WrittenCount + (hasVersion ? 1 : 0));
        if (hasVersion)
        {
            to.Byte(JsonbVersion);
        }

        to.Bytes(_masked.WrittenSpan);
        return true;
    }

    private bool IsFoundIn(ReadOnlySpan<byte> value)
    {
        if (ColumnMask.IsJson(_column.Type))
        {
            var hasVersion = _column is { Type: PostgresType.Jsonb, IsBinary: true } && value.Length > 0;
            return _redactor.TryMaskJson((hasVersion ? value[1..] : value).ToArray(), _masked, _counts);
        }

        var text = _column.IsBinary && !PostgresType.IsText(_column.Type)
            ? ParameterText.OfBinary(_column.Type, value)
            : null;
        return _redactor.TryMask(
            _column.Name,
            IsNumber ? ColumnType.Number : ColumnType.Text,
            text is null ? value : Encoding.UTF8.GetBytes(text),
            _masked,
            _counts);
    }

    private bool IsNumber => _column.Type
        is PostgresType.Int2 or PostgresType.Int4 or PostgresType.Int8 or PostgresType.Numeric
        or PostgresType.Float4 or PostgresType.Float8;
}
