using System.Collections.Concurrent;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Countersign.Core.Redaction.Structured;

namespace Countersign.Core.Redaction;

/// <summary>Masks texts and documents of one target; any number of threads may use it at once.</summary>
public sealed class TargetRedactor(TargetRedaction redaction)
{
    private readonly ConcurrentQueue<JsonRedactor> _idle = [];

    /// <summary>Whether everything passes as it came.</summary>
    public bool IsIdle => redaction.IsNone;

    /// <summary>Masks a JSON document; the same memory when there is nothing to mask.</summary>
    public ReadOnlyMemory<byte> Redact(ReadOnlyMemory<byte> json, out RedactionReport report)
    {
        if (IsIdle)
        {
            report = RedactionReport.Empty;
            return json;
        }

        // One whose work failed is not used again: what it holds then is unknown.
        var redactor = _idle.TryDequeue(out var idle) ? idle : new JsonRedactor(redaction.Masking, redaction.Fields);
        var masked = redactor.Redact(json, out report);
        _idle.Enqueue(redactor);
        return masked;
    }

    /// <summary>Masks a text; one that is a JSON document by its fields as well.</summary>
    public string Redact(string text, out RedactionReport report)
    {
        report = RedactionReport.Empty;
        if (IsIdle || text.Length == 0)
        {
            return text;
        }

        // What is no text, such as half a surrogate pair, is written as the replacement character.
        var quoted = Encoding.UTF8.GetBytes(
            $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"");
        var masked = Redact(quoted, out report);
        return report.Counts.IsEmpty ? text : JsonSerializer.Deserialize<string>(masked.Span)!;
    }
}
