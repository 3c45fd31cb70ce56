using System.Buffers;
using Countersign.Core.Redaction.Structured;

namespace Countersign.Core.Redaction;

/// <summary>
/// Masks what one target answers in columns, as bytes: whole values that a rule names, and what detectors find in
/// others. It is used by one thread at a time.
/// </summary>
public sealed class ColumnRedactor
{
    /// <summary>What values that a rule names are called in masks and in reports.</summary>
    public const string Field = "field";

    private readonly DataKind _field = new(Field, "FIELD", DataGroup.Custom, index: 0);
    private readonly RedactionPlan _plan;
    private readonly Redactor? _values;
    private readonly JsonRedactor? _json;

    /// <summary>For one session at a target.</summary>
    public ColumnRedactor(TargetRedaction redaction)
    {
        _plan = redaction.Masking;
        if (redaction.Values is { } values)
        {
            _values = new Redactor(values);
            _json = new JsonRedactor(values, redaction.Fields);
        }
    }

    /// <summary>Whether values are looked for where no rule names a column.</summary>
    public bool LooksForValues => _values is not null;

    /// <summary>
    /// The one of two treatments that tells less. In this order: nothing at all, a mask, a hash (which tells equal
    /// values from others), a token (which can be opened as well), something less precise, a part of the value.
    /// </summary>
    public static Treatment Stricter(Treatment one, Treatment other) => RankOf(one) <= RankOf(other) ? one : other;

    /// <summary>Whether all values get the same mask.</summary>
    public static bool IsAlike(Treatment treatment) =>
        treatment is Treatment.RedactTreatment or Treatment.DropTreatment;

    /// <summary>Whether a value is left out altogether.</summary>
    public static bool IsNothing(Treatment treatment) => treatment is Treatment.DropTreatment;

    /// <summary>The mask of a whole value that a rule names.</summary>
    public string MaskOf(Treatment treatment, ReadOnlySpan<byte> value) => Masks.Of(
        _plan,
        treatment.NeedsKey && _plan.Key is null ? Treatment.Redact : treatment,
        _field,
        value,
        value);

    /// <summary>Masks what is found in a value of a column; nothing is written when there is nothing.</summary>
    /// <returns>Whether something was masked.</returns>
    public bool TryMask(
        string column, ColumnType type, ReadOnlySpan<byte> value, IBufferWriter<byte> output,
        Dictionary<string, long> counts)
    {
        if (_values is null)
        {
            return false;
        }

        using var named = _values.Under(column, type);
        return _values.Write(value, output, counts);
    }

    /// <summary>The same for a JSON document, by the names of its members too.</summary>
    public bool TryMaskJson(ReadOnlyMemory<byte> json, IBufferWriter<byte> output, Dictionary<string, long> counts)
    {
        if (_json is null)
        {
            return false;
        }

        var masked = _json.Redact(json, out var report);
        foreach (var (kind, count) in report.Counts)
        {
            counts[kind] = counts.GetValueOrDefault(kind) + count;
        }

        output.Write(report.Counts.IsEmpty ? default : masked.Span);
        return !report.Counts.IsEmpty;
    }

    /// <summary>Words of a message, with what is found in them masked.</summary>
    public string Words(string text) => _values?.Redact(text, out var _) ?? text;

    private static int RankOf(Treatment treatment) => treatment switch
    {
        Treatment.DropTreatment => 0,
        Treatment.RedactTreatment => 1,
        Treatment.HashTreatment => 2,
        Treatment.TokeniseTreatment => 3,
        Treatment.GeneraliseTreatment => 4,
        _ => 5,
    };
}
