using System.Buffers;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Storage;

namespace Countersign.Core.Reads;

/// <summary>
/// Writes the reads of one session into the journal, piece by piece, so that their entry could be made of it. A record
/// is its kind, one byte, and JSON.
/// </summary>
internal sealed class JournalWriter : IDisposable
{
    /// <summary>Whose reads they are; first of an entry's records.</summary>
    public const byte Session = (byte)'s';

    /// <summary>The next statement.</summary>
    public const byte Statement = (byte)'t';

    /// <summary>A row.</summary>
    public const byte Read = (byte)'r';

    /// <summary>How a read ended whose row says that it goes on: the row's place, and what stands behind its
    /// parameters.</summary>
    public const byte Ended = (byte)'e';

    private readonly IReadJournal _journal;
    private readonly ReadSession _session;
    private readonly ArrayBufferWriter<byte> _record = new();
    private readonly Utf8JsonWriter _json;
    private readonly ParameterJson _parameters = new();

    public JournalWriter(IReadJournal journal, ReadSession session)
    {
        (_journal, _session) = (journal, session);
        _json = new Utf8JsonWriter(_record);
    }

    /// <summary>Writes the latest read of a batch, and what it is the first to need.</summary>
    /// <param name="id">The action of the batch's entry.</param>
    /// <param name="batch">The batch, with the read in it.</param>
    /// <param name="statements">How many statements it had before.</param>
    public void Write(ActionId id, ReadBatch batch, int statements)
    {
        if (batch.Count == 1)
        {
            Begin(Session);
            _json.WriteStartObject();
            ReadPayload.WriteSession(_json, _session);
            _json.WriteEndObject();
            End(id);
        }

        if (batch.Statements.Count > statements)
        {
            Begin(Statement);
            ReadPayload.WriteStatement(_json, batch.Statements[^1]);
            End(id);
        }

        var read = batch.Last;
        Begin(Read);
        ReadPayload.WriteRead(
            _json,
            read,
            read.Note.At.ToUnixTimeMilliseconds(),
            _parameters.Of(read, batch.ParametersOf(read)));
        End(id);
    }

    /// <summary>Writes how a read ended that was written before.</summary>
    public void WriteEnd(ActionId id, int place, in ReadNote note)
    {
        Begin(Ended);
        _json.WriteStartArray();
        _json.WriteNumberValue(place);
        ReadPayload.WriteEnd(_json, note);
        _json.WriteEndArray();
        End(id);
    }

    public void Dispose()
    {
        _json.Dispose();
        _parameters.Dispose();
    }

    private void Begin(byte kind)
    {
        _record.ResetWrittenCount();
        _record.Write([kind]);
        _json.Reset();
    }

    private void End(ActionId id)
    {
        _json.Flush();
        _journal.Append(id, _record.WrittenSpan);
    }
}
