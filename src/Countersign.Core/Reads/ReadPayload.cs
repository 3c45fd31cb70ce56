using System.Globalization;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core.Reads;

/// <summary>What the entries about reads and their windows say.</summary>
internal static class ReadPayload
{
    /// <summary>
    /// <c>action.executed</c> of many reads: who, each statement once, and a row for each read of
    /// <c>[statement, ms after from, parameters, rows, bytes, duration in µs]</c>, with state and error behind it
    /// unless it succeeded.
    /// </summary>
    public static byte[] Batch(ReadSession session, ReadBatch batch) => PayloadWriter.Write(json =>
    {
        var from = batch.Reads.Min(read => read.Note.At);
        json.WriteString("agent", session.Asker.Agent.Value);
        json.WriteString("on_behalf_of", session.Asker.OnBehalfOf?.Value);
        json.WriteString("via", session.Via.ToText());
        json.WriteString("gate", session.Target.Gate.ToText());
        json.WriteString("target", session.Target.Name.Value);
        json.WriteString("environment", session.Target.Environment);
        json.WriteStartObject("claimed");
        json.WriteString("reason", session.Claimed.Reason);
        json.WriteString("session", session.Claimed.Session);
        json.WriteEndObject();
        if (batch.Window is { } window)
        {
            json.WriteNumber("window", window.Entry);
        }

        WriteTime(json, "from", from);
        WriteStatements(json, batch);
        using var parameters = new ParameterJson();
        json.WriteStartArray("reads");
        foreach (var read in batch.Reads)
        {
            WriteRead(json, read, from, parameters.Of(read, batch.ParametersOf(read)));
        }

        json.WriteEndArray();
    });

    /// <summary><c>recording.window</c> that opens one; its index is the window's name.</summary>
    public static byte[] Opening(WindowWrite.Opens window) => PayloadWriter.Write(json =>
    {
        json.WriteString("target", window.Target.Value);
        json.WriteString("node", window.Node.Value);
        json.WriteNumber("reads", window.Reads);
        WriteTime(json, "until", window.Until);
    });

    /// <summary>
    /// <c>recording.window</c> that closes one: so many reads ran in it, and entries before this one tell of each.
    /// </summary>
    public static byte[] Closing(long window, long reads) => PayloadWriter.Write(json =>
    {
        json.WriteNumber("closes", window);
        json.WriteNumber("reads", reads);
    });

    /// <summary><c>recording.gap</c>: at most so many reads ran that no entry tells of.</summary>
    public static byte[] Gap(RecordingWindow lost) => PayloadWriter.Write(json =>
    {
        json.WriteNumber("window", lost.Entry);
        json.WriteString("target", lost.Target.Value);
        json.WriteString("node", lost.Node.Value);
        json.WriteNumber("at_most", lost.Missing);
        json.WriteNumber("recorded", lost.Recorded);
        WriteTime(json, "until", lost.Until);
    });

    private static void WriteStatements(Utf8JsonWriter json, ReadBatch batch)
    {
        json.WriteStartArray("statements");
        foreach (var statement in batch.Statements)
        {
            json.WriteStartObject();
            json.WriteString("operation", statement.Operation);
            json.WriteString("text", statement.Text);
            PayloadWriter.WriteFacts(json, statement.Facts);
            PayloadWriter.WriteVerdict(json, statement.Verdict);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteRead(
        Utf8JsonWriter json, in ReadBatch.Read read, DateTimeOffset from, ReadOnlySpan<byte> parameters)
    {
        var note = read.Note;
        json.WriteStartArray();
        json.WriteNumberValue(read.Statement);
        json.WriteNumberValue((long)(note.At - from).TotalMilliseconds);
        json.WriteRawValue(parameters, skipInputValidation: true);
        json.WriteNumberValue(note.Rows);
        json.WriteNumberValue(note.Bytes);
        json.WriteNumberValue((long)note.Duration.TotalMicroseconds);
        if (note.State != OutcomeState.Succeeded)
        {
            json.WriteStringValue(note.State.ToText());
            json.WriteStringValue(note.Error);
        }

        json.WriteEndArray();
    }

    private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset at) => json.WriteString(
        name, at.UtcDateTime.ToString(Leaf.TimeFormat, CultureInfo.InvariantCulture));
}
