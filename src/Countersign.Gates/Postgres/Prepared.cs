using System.Collections.Immutable;
using Countersign.Gates.Postgres.Statements;

namespace Countersign.Gates.Postgres;

/// <summary>
/// A prepared statement of a session. Clients know it under their name; the database knows it under one that the gate
/// made, because names that SQL and the protocol share could lead to a statement that nobody looked at.
/// </summary>
internal sealed class Prepared(string name, string serverName, string text, string serverText, Reading reading)
{
    private Core.Reads.ReadStatement? _record;
    private Allowed? _recordedAs;

    /// <summary>The client's name; empty for the unnamed statement.</summary>
    public string Name => name;

    public string ServerName => serverName;

    /// <summary>As the client sent it.</summary>
    public string Text => text;

    public Reading Reading { get; set; } = reading;

    /// <summary>Under which settings it was read.</summary>
    public Meaning? Meaning { get; set; }

    /// <summary>Which definitions of the target's own sessions it was read under.</summary>
    public int Generation { get; set; }

    /// <summary>When it was read, by the monotonic clock.</summary>
    public long ReadAt { get; set; }

    /// <summary>Other prepared statements that it executes by name, as they were when it was prepared.</summary>
    public ImmutableArray<Prepared> Executes { get; init; } = [];

    /// <summary>As the database gets it: the gate's own names for statements in it.</summary>
    public string ServerText => serverText;

    /// <summary>What the client said of its parameters' types.</summary>
    public ImmutableArray<uint> DeclaredTypes { get; init; } = [];

    /// <summary>The types that the server found; <c>null</c> until it was asked.</summary>
    public ImmutableArray<uint>? ParameterTypes { get; set; }

    /// <summary>The statement that it prepares by name, if it is SQL's PREPARE.</summary>
    public Prepared? Prepares { get; init; }

    /// <summary>What the record says of all executions of it that pass as reads.</summary>
    public Core.Reads.ReadStatement RecordOf(Allowed allowed)
    {
        if (_record is not { } record || _recordedAs != allowed)
        {
            _recordedAs = allowed;
            _record = record = allowed.Of(text, WriteParameters);
        }

        return record;
    }

    public ReadStatement? Single => Reading is Reading.Of { Statements: [var only] } ? only : null;

    private void WriteParameters(System.Text.Json.Utf8JsonWriter json, ReadOnlySpan<byte> bind)
    {
        json.WriteStartArray();
        foreach (var parameter in Parameter.In(bind, ParameterTypes ?? DeclaredTypes))
        {
            json.WriteRawValue(parameter.Value.Bytes.Span, skipInputValidation: true);
        }

        json.WriteEndArray();
    }
}
