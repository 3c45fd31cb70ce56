using System.Text;

namespace Countersign.Gates.Postgres.Wire;

/// <summary>
/// What ErrorResponse and NoticeResponse say: pairs of Byte1 field code and String, ended by a zero byte (PostgreSQL
/// manual, "Error and Notice Message Fields"). A server may leave out any of them, the SQLSTATE included.
/// </summary>
internal sealed record ErrorFields
{
    public const string Error = "ERROR";
    public const string Fatal = "FATAL";
    public const string Notice = "NOTICE";

    /// <summary>V, and S where the server sent no V.</summary>
    public string Severity { get; init; } = Error;

    /// <summary>S, in the server's language; <c>null</c>: the same as <see cref="Severity"/>.</summary>
    public string? LocalizedSeverity { get; init; }

    public string Code { get; init; } = SqlState.InternalError;

    public string Message { get; init; } = "";

    public string? Detail { get; init; }

    public string? Hint { get; init; }

    /// <summary>Character of the text of the statement, from 1.</summary>
    public string? Position { get; init; }

    public string? InternalPosition { get; init; }

    public string? InternalQuery { get; init; }

    public string? Where { get; init; }

    public string? Schema { get; init; }

    public string? Table { get; init; }

    public string? Column { get; init; }

    public string? DataType { get; init; }

    public string? Constraint { get; init; }

    public string? File { get; init; }

    public string? Line { get; init; }

    public string? Routine { get; init; }

    /// <summary>Texts before the start-up are in the server's own encoding, so what is not UTF-8 is replaced.</summary>
    /// <exception cref="ProtocolViolation">The body is cut off or goes on behind its end.</exception>
    public static ErrorFields Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader("ErrorResponse", body);
        var fields = new ErrorFields();
        string? localized = null;
        string? severity = null;
        for (var code = reader.Byte(); code != 0; code = reader.Byte())
        {
            var text = Encoding.UTF8.GetString(reader.RawString());
            switch ((char)code)
            {
                case 'S':
                    localized = text;
                    break;
                case 'V':
                    severity = text;
                    break;
                default:
                    fields = fields.With((char)code, text);
                    break;
            }
        }

        reader.End();
        return fields with { Severity = severity ?? localized ?? Error, LocalizedSeverity = localized };
    }

    /// <summary>Appends the fields and the zero byte behind them; a NUL in a text of ours is left out.</summary>
    public void Write(WireWriter to)
    {
        Field('S', LocalizedSeverity ?? Severity);
        Field('V', Severity);
        Field('C', Code);
        Field('M', Message);
        Field('D', Detail);
        Field('H', Hint);
        Field('P', Position);
        Field('p', InternalPosition);
        Field('q', InternalQuery);
        Field('W', Where);
        Field('s', Schema);
        Field('t', Table);
        Field('c', Column);
        Field('d', DataType);
        Field('n', Constraint);
        Field('F', File);
        Field('L', Line);
        Field('R', Routine);
        to.Byte(0);

        void Field(char code, string? text)
        {
            if (text is not null)
            {
                to.Byte((byte)code);
                to.String(Encoding.UTF8.GetBytes(text.Replace("\0", "", StringComparison.Ordinal)));
            }
        }
    }

    /// <summary>Codes that are unknown are left out, as the manual asks of a reader.</summary>
    private ErrorFields With(char code, string text) => code switch
    {
        'C' => this with { Code = text },
        'M' => this with { Message = text },
        'D' => this with { Detail = text },
        'H' => this with { Hint = text },
        'P' => this with { Position = text },
        'p' => this with { InternalPosition = text },
        'q' => this with { InternalQuery = text },
        'W' => this with { Where = text },
        's' => this with { Schema = text },
        't' => this with { Table = text },
        'c' => this with { Column = text },
        'd' => this with { DataType = text },
        'n' => this with { Constraint = text },
        'F' => this with { File = text },
        'L' => this with { Line = text },
        'R' => this with { Routine = text },
        _ => this,
    };
}
