using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Countersign.Core.Ledger;
using Countersign.Server.Storage;
using Countersign.Server.Storage.Sqlite.Audit;

namespace Countersign.Server.Exports;

/// <summary>
/// Writes an export as JSON lines: the head, a line for each entry, and a last line that counts them. One entry is in
/// memory at a time.
/// </summary>
internal sealed class ExportWriter(PayloadVault vault, PipeWriter output) : IDisposable
{
    /// <summary>How much is put together before it is sent.</summary>
    private const int FlushBytes = 128 * 1024;

    private readonly Utf8JsonWriter _json = new(output, new JsonWriterOptions
    {
        // The lines are not for HTML; without this each plus sign of base64 would take six bytes.
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    });

    /// <exception cref="InvalidDataException">Entries are missing from the store.</exception>
    public async Task WriteAsync(ExportHead head, RawRows rows, CancellationToken cancellationToken)
    {
        head.Write(_json);
        EndLine();
        var next = head.From;
        for (; rows.Step(); next++)
        {
            if (rows.Number(0) != next)
            {
                break;
            }

            WriteRow(head, rows, next);
            if (output.UnflushedBytes >= FlushBytes)
            {
                await output.FlushAsync(cancellationToken);
            }
        }

        if (next != head.To)
        {
            throw new InvalidDataException(
                $"Entry {next} is missing from the store, so the export ends there without its last line. Verify the "
                + "store with 'countersign ledger verify --store'.");
        }

        _json.WriteStartObject();
        _json.WriteNumber("rows", head.To - head.From);
        _json.WriteEndObject();
        EndLine();
        await output.FlushAsync(cancellationToken);
    }

    public void Dispose() => _json.Dispose();

    private void WriteRow(ExportHead head, RawRows rows, long index)
    {
        var leaf = rows.Bytes(1);
        _json.WriteStartObject();
        _json.WriteNumber("index"u8, index);
        _json.WriteString("leaf"u8, leaf);
        if (head.WithPayloads)
        {
            WritePayload(rows, Leaf.Decode(leaf));
        }

        _json.WriteEndObject();
        EndLine();
    }

    private void WritePayload(RawRows rows, Leaf leaf)
    {
        if (rows.IsNull(2))
        {
            _json.WriteNull("payload"u8);
            return;
        }

        var box = new SealedPayload(rows.Bytes(2).ToArray(), rows.Bytes(3).ToArray());
        var context = SealedChange.Context(leaf.Type, leaf.Subject?.Action);
        if (vault.Disclose(box, context) is not { } opened)
        {
            // Of the first seal: its key would prove nothing to whoever reads this.
            _json.WriteNull("payload"u8);
            return;
        }

        _json.WritePropertyName("payload"u8);
        _json.WriteRawValue(opened.Json.Span, skipInputValidation: true);
        _json.WriteBase64String("ciphertext"u8, box.Ciphertext);
        _json.WriteBase64String("key"u8, opened.Key.Span);
    }

    private void EndLine()
    {
        _json.Flush();
        _json.Reset();
        output.Write("\n"u8);
    }
}
