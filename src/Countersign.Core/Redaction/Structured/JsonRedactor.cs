using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Structured;

/// <summary>
/// Masks a JSON document: first what rules name, then what its members' names call a secret, then what detectors find
/// in each string, number and name. Everything else stays byte for byte as it came.
/// </summary>
public sealed class JsonRedactor
{
    /// <summary>A document that nests deeper is masked as text.</summary>
    public const int MostDepth = 128;

    /// <summary>How deep documents are looked for in strings of documents.</summary>
    private const int MostDocuments = 4;

    private readonly Redactor _redactor;
    private readonly FieldRules _rules;
    private readonly DataKind _field = new("field", "FIELD", DataGroup.Custom, index: 0);
    private readonly List<PathStep> _place = [];
    private readonly MemberNames _names;
    private readonly ArrayBufferWriter<byte> _masked = new();
    private readonly int _depth;
    private JsonRedactor? _inner;

    /// <exception cref="ArgumentException">A rule hashes or tokenises, and the plan has no key.</exception>
    public JsonRedactor(RedactionPlan plan, FieldRules rules)
    {
        (_redactor, _rules) = (new Redactor(plan), rules);
        _names = new MemberNames(_redactor, rules);
        if (plan.Key is null && rules.Treatments.Any(treatment => treatment.NeedsKey))
        {
            throw new ArgumentException("A rule hashes or tokenises a field, and the plan has no key to do it with.");
        }
    }

    private JsonRedactor(JsonRedactor outer) =>
        (_redactor, _rules, _names, _depth) = (outer._redactor, outer._rules, outer._names, outer._depth + 1);

    /// <summary>Masks a document; the same memory when there is nothing to mask.</summary>
    public ReadOnlyMemory<byte> Redact(ReadOnlyMemory<byte> json, out RedactionReport report)
    {
        var counts = new Dictionary<string, long>();
        // It has room for nothing: of most documents nothing is written.
        var output = new ArrayBufferWriter<byte>();
        bool isChanged;
        try
        {
            isChanged = Walk(json.Span, output, counts);
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            // What is no JSON (the second is what half a surrogate pair is met with), or too deep, can still hold
            // values; as text they are found as well.
            output.Clear();
            counts.Clear();
            isChanged = _redactor.Write(json.Span, output, counts);
        }

        report = RedactionReport.Of(counts);
        return isChanged ? output.WrittenMemory : json;
    }

    private bool Walk(ReadOnlySpan<byte> json, ArrayBufferWriter<byte> output, Dictionary<string, long> counts)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MostDepth });
        var written = 0;
        var name = _names.None;
        _place.Clear();
        while (reader.Read())
        {
            var start = (int)reader.TokenStartIndex;
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    name = _names.Of(ref reader);
                    _place[^1] = new PathStep(name.Text, 0);
                    WriteName(ref reader, name, json, ref written, output, counts);
                    continue;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    _place.RemoveAt(_place.Count - 1);
                    Advance();
                    continue;
                default:
                    break;
            }

            if (RuleFor(name) is { } treatment)
            {
                WriteField(ref reader, json, treatment, ref written, output);
                counts[_field.Name] = counts.GetValueOrDefault(_field.Name) + 1;
                Advance();
            }
            else if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                _place.Add(new PathStep(null, 0));
                name = reader.TokenType == JsonTokenType.StartObject ? _names.None : name;
            }
            else
            {
                WriteValue(ref reader, json, name, ref written, output, counts);
                Advance();
            }
        }

        if (written == 0)
        {
            return false;
        }

        output.Write(json[written..]);
        return true;
    }

    /// <summary>The next value of an array has the next index.</summary>
    private void Advance()
    {
        if (_place.Count > 0 && _place[^1].Name is null)
        {
            _place[^1] = new PathStep(null, _place[^1].Index + 1);
        }
    }

    private Treatment? RuleFor(MemberName name)
    {
        var isMember = _place.Count > 0 && _place[^1].Name is not null;
        return (isMember ? name.Rule : null) ?? (_rules.HasPaths ? _rules.OfPlace(_place) : null);
    }

    /// <summary>Masks what a member's name holds.</summary>
    private void WriteName(
        ref Utf8JsonReader reader, MemberName name, ReadOnlySpan<byte> json, ref int written,
        ArrayBufferWriter<byte> output, Dictionary<string, long> counts)
    {
        if (name.IsHarmless && !reader.ValueIsEscaped)
        {
            return;
        }

        var start = (int)reader.TokenStartIndex + 1;
        var isFound = WriteFound(json, start, reader.ValueSpan.Length, ref written, output, counts);
        name.IsHarmless = !isFound && !reader.ValueIsEscaped;
    }

    /// <summary>Masks a whole value, with everything inside it.</summary>
    private void WriteField(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> json, Treatment treatment, ref int written,
        ArrayBufferWriter<byte> output)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        var end = (int)reader.BytesConsumed;
        var value = json[start..end];
        var text = reader.TokenType == JsonTokenType.String ? value[1..^1] : value;
        output.Write(json[written..start]);
        output.Write(Encoding.UTF8.GetBytes($"\"{Masks.Of(_redactor.Plan, treatment, _field, text, text)}\""));
        written = end;
    }

    private void WriteValue(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> json, MemberName name, ref int written,
        ArrayBufferWriter<byte> output, Dictionary<string, long> counts)
    {
        var start = (int)reader.TokenStartIndex;
        if (reader.TokenType == JsonTokenType.String)
        {
            if (name.HadHarmless(reader.ValueSpan))
            {
                return;
            }

            using var scope = _redactor.Under(name.OfText);
            if (IsSecret(scope.Context, reader.ValueSpan))
            {
                WriteSecret(json, start, reader.ValueSpan, ref written, output, counts);
                return;
            }

            if (!TryWriteDocument(ref reader, json, ref written, output, counts)
                && !WriteFound(json, start + 1, reader.ValueSpan.Length, ref written, output, counts)
                && _depth < MostDocuments)
            {
                // In the innermost documents, a document is searched as text only.
                name.RememberHarmless(reader.ValueSpan);
            }
        }
        else if (reader.TokenType == JsonTokenType.Number)
        {
            using var scope = _redactor.Under(name.OfNumber);
            _masked.ResetWrittenCount();
            if (_redactor.Write(reader.ValueSpan, _masked, counts))
            {
                output.Write(json[written..start]);
                output.Write([(byte)'"', .. _masked.WrittenSpan, (byte)'"']);
                written = start + reader.ValueSpan.Length;
            }
        }
    }

    /// <summary>A string that is a JSON document is masked as one, by its fields as well.</summary>
    private bool TryWriteDocument(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> json, ref int written, ArrayBufferWriter<byte> output,
        Dictionary<string, long> counts)
    {
        Dictionary<string, long> found;
        ArrayBufferWriter<byte> masked;
        try
        {
            if (_depth == MostDocuments || DocumentIn(ref reader) is not { } document)
            {
                return false;
            }

            (found, masked) = ([], new ArrayBufferWriter<byte>());
            if (!(_inner ??= new JsonRedactor(this)).Walk(document, masked, found))
            {
                return true;
            }
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            // Text that only begins like JSON.
            return false;
        }

        foreach (var (kind, count) in found)
        {
            counts[kind] = counts.GetValueOrDefault(kind) + count;
        }

        output.Write(json[written..((int)reader.TokenStartIndex + 1)]);
        output.Write(JsonEncodedText.Encode(masked.WrittenSpan, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)
            .EncodedUtf8Bytes);
        written = (int)reader.TokenStartIndex + 1 + reader.ValueSpan.Length;
        return true;
    }

    private static byte[]? DocumentIn(ref Utf8JsonReader reader)
    {
        var text = reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(reader.GetString()!) : reader.ValueSpan;
        return text.TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[', ..] ? text.ToArray() : null;
    }

    private bool IsSecret(ColumnContext context, ReadOnlySpan<byte> value)
    {
        const int ShortestToken = 8;
        return context.IsSecret && _redactor.Plan.Enabled[DataKinds.AssignedSecret.Index]
            && value.Length >= (context.Speaks(Topic.Password) ? 1 : ShortestToken)
            && (context.Speaks(Topic.Password) || !value.Contains((byte)' '));
    }

    private void WriteSecret(
        ReadOnlySpan<byte> json, int start, ReadOnlySpan<byte> value, ref int written, ArrayBufferWriter<byte> output,
        Dictionary<string, long> counts)
    {
        var kind = DataKinds.AssignedSecret;
        output.Write(json[written..(start + 1)]);
        output.Write(Encoding.UTF8.GetBytes(Masks.Of(_redactor.Plan, kind, value, value)));
        counts[kind.Name] = counts.GetValueOrDefault(kind.Name) + 1;
        written = start + 1 + value.Length;
    }

    private bool WriteFound(
        ReadOnlySpan<byte> json, int start, int length, ref int written, ArrayBufferWriter<byte> output,
        Dictionary<string, long> counts)
    {
        var isFound = _redactor.Write(json.Slice(start, length), output, counts, before: json[written..start]);
        written = isFound ? start + length : written;
        return isFound;
    }
}
