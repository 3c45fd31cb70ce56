using System.Buffers;
using System.Text.Json;

namespace Countersign.Core.Reads;

/// <summary>
/// The parameters of one read after the other as JSON. Parameters that their gate cannot spell are kept as bytes: the
/// reads have run, and an entry that cannot be written would be a gap.
/// </summary>
internal sealed class ParameterJson : IDisposable
{
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _json;

    public ParameterJson() => _json = new Utf8JsonWriter(_buffer);

    /// <summary>One whole JSON value, good until the next call.</summary>
    public ReadOnlySpan<byte> Of(in ReadBatch.Read read, ReadOnlySpan<byte> parameters)
    {
        if (read.IsHashed || !TrySpell(read.Note.Statement, parameters))
        {
            SpellAsBytes(read, parameters);
        }

        return _buffer.WrittenSpan;
    }

    public void Dispose() => _json.Dispose();

    private bool TrySpell(ReadStatement statement, ReadOnlySpan<byte> parameters)
    {
        Begin();
        try
        {
            statement.WriteParameters(_json, parameters);
            _json.Flush();
            return _json is { CurrentDepth: 0, BytesCommitted: > 0 };
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Whatever the gate stumbled over is in the bytes.
            return false;
        }
    }

    private void SpellAsBytes(in ReadBatch.Read read, ReadOnlySpan<byte> kept)
    {
        Begin();
        _json.WriteStartObject();
        _json.WriteNumber("length", read.Length);
        if (read.IsHashed)
        {
            _json.WriteString("sha256", Convert.ToHexStringLower(kept));
        }
        else
        {
            _json.WriteBase64String("base64", kept);
        }

        _json.WriteEndObject();
        _json.Flush();
    }

    private void Begin()
    {
        _buffer.ResetWrittenCount();
        _json.Reset();
    }
}
