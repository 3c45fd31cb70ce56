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
        WriteSession(json, session);
        if (batch.Window is { } window)
        {
            json.WriteNumber("window", window.Entry);
        }

        WriteTime(json, "from", from);
        json.WriteStartArray("statements");
        foreach (var statement in batch.Statements)
        {
            WriteStatement(json, statement);
        }

        json.WriteEndArray();
        using var parameters = new ParameterJson();
        json.WriteStartArray("reads");
        foreach (var read in batch.Reads)
        {
            WriteRead(
                json,
                read,
                (long)(read.Note.At - from).TotalMilliseconds,
                parameters.Of(read, batch.ParametersOf(read)));
        }

        json.WriteEndArray();
    });

    /// <summary>
    /// The same of reads that a crash left in the journal, where the time of a read is in milliseconds since 1970.
    /// </summary>
    public static byte[] Recovered(JournaledReads left) => PayloadWriter.Write(json =>
    {
        var from = left.Reads.Min(TimeOf);
        foreach (var member in left.Session.EnumerateObject())
        {
            member.WriteTo(json);
        }

        json.WriteBoolean("recovered", true);
        WriteTime(json, "from", DateTimeOffset.FromUnixTimeMilliseconds(from));
        json.WriteStartArray("statements");
        left.Statements.ForEach(statement => statement.WriteTo(json));
        json.WriteEndArray();
        json.WriteStartArray("reads");
        foreach (var read in left.Reads)
        {
            json.WriteStartArray();
            json.WriteNumberValue(read.Begun[0].GetInt32());
            json.WriteNumberValue(TimeOf(read) - from);
            read.Begun[2].WriteTo(json);
            var end = read.Ended is { } ended ? ended.EnumerateArray().Skip(1) : read.Begun.EnumerateArray().Skip(3);
            foreach (var value in end)
            {
                value.WriteTo(json);
            }

            json.WriteEndArray();
        }

        json.WriteEndArray();

        static long TimeOf(JournaledReads.Row read) => read.Begun[1].GetInt64();
    });

    /// <summary>Whose reads they are.</summary>
    public static void WriteSession(Utf8JsonWriter json, ReadSession session)
    {
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
    }

    public static void WriteStatement(Utf8JsonWriter json, ReadStatement statement)
    {
        json.WriteStartObject();
        json.WriteString("operation", statement.Operation);
        json.WriteString("text", statement.Text);
        PayloadWriter.WriteFacts(json, statement.Facts);
        PayloadWriter.WriteVerdict(json, statement.Verdict);
        json.WriteEndObject();
    }

    /// <summary>One row of an entry.</summary>
    /// <param name="json">Where it goes.</param>
    /// <param name="read">The read.</param>
    /// <param name="at">When it was sent, in milliseconds since something.</param>
    /// <param name="parameters">Its parameters as one JSON value.</param>
    public static void WriteRead(
        Utf8JsonWriter json, in ReadBatch.Read read, long at, ReadOnlySpan<byte> parameters)
    {
        json.WriteStartArray();
        json.WriteNumberValue(read.Statement);
        json.WriteNumberValue(at);
        json.WriteRawValue(parameters, skipInputValidation: true);
        WriteEnd(json, read.Note);
        json.WriteEndArray();
    }

    /// <summary>What stands behind the parameters in a row: what came of the read.</summary>
    public static void WriteEnd(Utf8JsonWriter json, in ReadNote note)
    {
        json.WriteNumberValue(note.Rows);
        json.WriteNumberValue(note.Bytes);
        json.WriteNumberValue((long)note.Duration.TotalMicroseconds);
        if (note.State != OutcomeState.Succeeded)
        {
            json.WriteStringValue(note.State.ToText());
            json.WriteStringValue(note.Error);
        }
    }

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

    /// <summary>
    /// <c>recording.gap</c> of a journal that was damaged: some reads whose answers left may not be among those that
    /// were found.
    /// </summary>
    public static byte[] JournalGap(string why, int found) => PayloadWriter.Write(json =>
    {
        json.WriteString("journal", why);
        json.WriteNumber("recovered", found);
    });

    private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset at) => json.WriteString(
        name, at.UtcDateTime.ToString(Leaf.TimeFormat, CultureInfo.InvariantCulture));
}
