using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Redaction;

namespace Countersign.Gates.Http;

/// <summary>
/// What a target's answer goes through before anybody reads it: first the credential that was sent along is taken out,
/// then what the target masks. JSON is looked at whole, lines of JSON line by line, and text as it comes. Where fields
/// are masked, nothing passes in which there are no fields to be seen.
/// </summary>
internal sealed class AnswerFilter
{
    private const int LongestLine = 1024 * 1024;

    private static readonly string[] LineTypes = ["application/x-ndjson", "application/jsonl", "text/event-stream"];

    private readonly IBufferWriter<byte> _output;
    private readonly SecretStream _secrets;
    private readonly ArrayBufferWriter<byte> _clean = new();
    private readonly TargetRedaction _redaction;
    private readonly TargetRedactor _redactor;
    private readonly HttpLimits _limits;
    private readonly string? _contentType;
    private Way _way;
    private RedactionStream? _stream;
    private RedactionReport _report = RedactionReport.Empty;

    /// <param name="contentType">What the target says that it is.</param>
    /// <param name="secrets">The credential.</param>
    /// <param name="options">What the target masks.</param>
    /// <param name="redactor">Masks that.</param>
    /// <param name="output">Where the answer goes.</param>
    public AnswerFilter(
        string? contentType,
        ImmutableArray<string> secrets,
        HttpOptions options,
        TargetRedactor redactor,
        IBufferWriter<byte> output)
    {
        (_output, _redaction, _limits, _contentType) = (output, options.Redaction, options.Limits, contentType);
        _redactor = redactor;
        _way = WayOf(contentType, _redaction);
        _secrets = new SecretStream(secrets, _way == Way.Untouched ? output : _clean);
    }

    private enum Way
    {
        /// <summary>Nothing is masked.</summary>
        Untouched,

        /// <summary>Values are looked for as it comes.</summary>
        Text,

        /// <summary>One JSON document.</summary>
        Document,

        /// <summary>A JSON document in each line.</summary>
        Lines,

        /// <summary>Its fields would have to be masked, and it has none that can be seen.</summary>
        Withheld,
    }

    /// <summary>How many values of which kind are masked so far.</summary>
    public RedactionReport Report => _stream is { } stream ? _report.With(stream.Report) : _report;

    /// <exception cref="WithheldException">It cannot be masked.</exception>
    public void Write(ReadOnlySpan<byte> piece)
    {
        _secrets.Write(piece);
        Pass(isLast: false);
    }

    /// <exception cref="WithheldException">It cannot be masked.</exception>
    public void Complete()
    {
        _secrets.Complete();
        Pass(isLast: true);
    }

    private static Way WayOf(string? contentType, TargetRedaction redaction)
    {
        var hasFields = redaction.Fields.ConcernMembers;
        return 0 switch
        {
            _ when redaction.IsNone || MediaType.IsPicture(contentType) => Way.Untouched,
            _ when MediaType.KindOf(contentType) == BodyKind.Json => Way.Document,
            _ when hasFields && LineTypes.Any(type => contentType?.StartsWith(
                type, StringComparison.OrdinalIgnoreCase) == true) => Way.Lines,
            _ => hasFields ? Way.Withheld : Way.Text,
        };
    }

    private void Pass(bool isLast)
    {
        switch (_way)
        {
            case Way.Text:
                PassText(isLast);
                break;
            case Way.Document when isLast:
                PassDocument(_clean.WrittenMemory);
                break;
            case Way.Document when _clean.WrittenCount > _limits.Masked:
                if (_redaction.Fields.ConcernMembers)
                {
                    throw new WithheldException(
                        "this target masks fields of what it answers, which is done to whole documents of at most " +
                        $"{_limits.Masked} bytes, and this one is longer; ask for less at a time.");
                }

                // Too long to be looked at as a document; the values are found all the same.
                _way = Way.Text;
                PassText(isLast);
                break;
            case Way.Lines:
                PassLines(isLast);
                break;
            case Way.Withheld when _clean.WrittenCount > 0:
                throw new WithheldException(
                    "this target masks fields of what it answers, and nobody can say where they are in " +
                    $"'{_contentType ?? "no content-type"}'; ask for JSON.");
        }
    }

    private void PassText(bool isLast)
    {
        _stream ??= new RedactionStream(_redaction.Masking, _output);
        _stream.Write(_clean.WrittenSpan);
        _clean.ResetWrittenCount();
        if (isLast)
        {
            _stream.Complete();
        }
    }

    private void PassLines(bool isLast)
    {
        var text = _clean.WrittenMemory;
        while (text.Span.IndexOf((byte)'\n') is >= 0 and var end)
        {
            PassLine(text[..(end + 1)]);
            text = text[(end + 1)..];
        }

        if (isLast && text.Length > 0)
        {
            PassLine(text);
            text = default;
        }
        else if (text.Length > LongestLine)
        {
            throw new WithheldException($"a line is longer than {LongestLine} bytes, and this target masks fields.");
        }

        var rest = text.ToArray();
        _clean.ResetWrittenCount();
        _clean.Write(rest);
    }

    /// <summary>The document of a line begins with its brace; before it is what an event stream calls it.</summary>
    private void PassLine(ReadOnlyMemory<byte> line)
    {
        var start = line.Span.IndexOfAny((byte)'{', (byte)'[', (byte)'"');
        if (start < 0)
        {
            var plain = _redactor.Redact(line, out var found);
            _report = _report.With(found);
            _output.Write(plain.Span);
            return;
        }

        if (start > 0)
        {
            var name = _redactor.Redact(line[..start], out var seen);
            _report = _report.With(seen);
            _output.Write(name.Span);
        }

        PassDocument(line[start..]);
    }

    private void PassDocument(ReadOnlyMemory<byte> json)
    {
        if (json.IsEmpty)
        {
            return;
        }

        if (_redaction.Fields.ConcernMembers && !IsJson(json.Span))
        {
            throw new WithheldException(
                "this target masks fields of what it answers, and this is no JSON, as it says.");
        }

        var masked = _redactor.Redact(json, out var found);
        _report = _report.With(found);
        _output.Write(masked.Span);
    }

    private static bool IsJson(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(
            text, new JsonReaderOptions { MaxDepth = Countersign.Core.Redaction.Structured.JsonRedactor.MostDepth });
        try
        {
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}

/// <summary>An answer that cannot be shown; the text says why.</summary>
internal sealed class WithheldException(string message) : Exception(message);
