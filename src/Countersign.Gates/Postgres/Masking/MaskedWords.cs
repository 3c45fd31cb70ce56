using System.Collections.Frozen;
using System.Text;
using Countersign.Core.Redaction;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres.Masking;

/// <summary>
/// What a database says beside its rows, on a target that masks columns. Errors, notices, notifications and settings
/// can all hold values of rows; each has its own rule here, and what is not known to be harmless keeps its SQLSTATE and
/// loses its words. Where values are looked for, detectors look at the words that stay.
/// </summary>
internal sealed class MaskedWords(ColumnRedactor redactor, bool masksColumns)
{
    private const string Withheld =
        "This target masks columns, and the database's own words could hold values of them. Go by the SQLSTATE: look " +
        "for a cast, a computation, a constraint or code that meets a value it does not take.";

    /// <summary>Settings that a server reports and that hold no text of anybody's choice.</summary>
    private static readonly FrozenSet<string> s_closedSettings = FrozenSet.Create(
        StringComparer.Ordinal,
        "client_encoding", "DateStyle", "default_transaction_read_only", "in_hot_standby", "integer_datetimes",
        "IntervalStyle", "is_superuser", "scram_iterations", "server_encoding", "server_version",
        "session_authorization", "standard_conforming_strings");

    /// <summary>Settings whose text the client chose itself, as long as no code could.</summary>
    private static readonly FrozenSet<string> s_ownSettings = FrozenSet.Create(
        StringComparer.Ordinal, "application_name", "TimeZone", "search_path");

    private bool _hasRunCode;

    /// <summary>Whether words of the present transaction may be anything.</summary>
    private bool _isCodeInTransaction;

    /// <summary>A statement begins that may run code; what that put off runs at the end of the transaction.</summary>
    public void BeginCode() => _hasRunCode = _isCodeInTransaction = true;

    /// <summary>A statement begins whose words may be about more than its own text.</summary>
    public void BeginHiding() => _isCodeInTransaction = true;

    public void OnReady(TransactionStatus status) => _isCodeInTransaction &= status != TransactionStatus.Idle;

    /// <summary>An error as the client may read it.</summary>
    public WireMessage Error(WireMessage message, WordStage stage, bool looksAtNoRow) =>
        MessageOf(message.Type, ErrorOf(ErrorFields.Read(message.Body), stage, looksAtNoRow));

    /// <summary>A notice as the client may read it; <c>null</c> when it is left out.</summary>
    public WireMessage? Notice(WireMessage message, WordStage stage)
    {
        var fields = ErrorFields.Read(message.Body);
        if (!masksColumns)
        {
            return MessageOf(message.Type, Searched(fields));
        }

        // Messages for developers of the server hold whatever they looked at.
        if (fields.Severity.StartsWith("DEBUG", StringComparison.Ordinal) || fields.Severity == "LOG")
        {
            return null;
        }

        return MessageOf(message.Type, _isCodeInTransaction && stage != WordStage.Names
            ? new ErrorFields
            {
                Severity = fields.Severity,
                Code = "01000",
                Message = "code of the database has a notice; its words are withheld",
                Hint = "This target masks columns, and such words could hold values of them.",
            }
            : Searched(fields with { InternalQuery = null, Where = null }));
    }

    /// <summary>A notification; what it carries may be anything, and is left out.</summary>
    public WireMessage Notification(WireMessage message)
    {
        var body = NotificationResponseBody.Read(message.Body);
        var payload = masksColumns ? "" : redactor.Words(Encoding.UTF8.GetString(body.Payload));
        using var writer = new WireWriter(Stream.Null);
        writer.WriteNotificationResponse(body.ProcessId, Encoding.UTF8.GetString(body.Channel), payload);
        return new WireMessage(message.Type, writer.ToArray());
    }

    /// <summary>Whether the client learns that a setting has another value.</summary>
    public bool PassesSetting(string name) =>
        !masksColumns || s_closedSettings.Contains(name) || (!_hasRunCode && s_ownSettings.Contains(name));

    /// <summary>The columns of a result, with what is found in their names masked.</summary>
    public WireMessage Columns(WireMessage message)
    {
        if (!redactor.LooksForValues || message.Type != BackendMessage.RowDescription)
        {
            return message;
        }

        using var writer = new WireWriter(Stream.Null);
        var description = RowDescriptionBody.Read(message.Body);
        writer.Begin(message.Type);
        writer.Count(description.Count);
        foreach (var column in description)
        {
            writer.String(redactor.Words(Encoding.UTF8.GetString(column.Name)));
            writer.UInt32(column.Table);
            writer.Int16(column.Attribute);
            writer.UInt32(column.Type);
            writer.Int16(column.TypeSize);
            writer.Int32(column.TypeModifier);
            writer.Int16((short)(column.IsBinary ? 1 : 0));
        }

        writer.End();
        return new WireMessage(message.Type, writer.ToArray());
    }

    private ErrorFields ErrorOf(ErrorFields fields, WordStage stage, bool looksAtNoRow)
    {
        if (!masksColumns || stage == WordStage.Names)
        {
            return Searched(fields);
        }

        // Only who reads a text knows a place in it; what code says has a context, and that text was a value.
        var isAboutText = KnownErrors.IsAboutNames(fields.Code)
            && fields is { Position: not null, Where: null, InternalQuery: null };
        if (_isCodeInTransaction && !isAboutText)
        {
            var code = KnownErrors.IsNamed(fields.Code) ? fields.Code : KnownErrors.RaisedByCode;
            return WithoutWords(new ErrorFields
            {
                Severity = fields.Severity,
                Code = code,
                Position = fields.Position,
                File = fields.File,
                Line = fields.Line,
                Routine = fields.Routine,
            });
        }

        if ((stage == WordStage.Plans && !_hasRunCode) || (looksAtNoRow && KnownErrors.IsAboutNames(fields.Code)))
        {
            return Searched(fields);
        }

        var isKept = isAboutText || KnownErrors.IsHarmless(fields.Code) || KnownErrors.IsConstraint(fields.Code);
        return isKept
            ? Searched(fields with
            {
                Detail = fields.Code == "2BP01" ? fields.Detail : null,
                Where = null,
                InternalQuery = null,
                InternalPosition = null,
            })
            : WithoutWords(fields);
    }

    private static ErrorFields WithoutWords(ErrorFields fields) => fields with
    {
        Message = $"{KnownErrors.NameOf(fields.Code)} (the database's words are withheld)",
        Detail = null,
        Hint = Withheld,
        InternalPosition = null,
        InternalQuery = null,
        Where = null,
    };

    private ErrorFields Searched(ErrorFields fields) => redactor.LooksForValues
        ? fields with
        {
            Message = redactor.Words(fields.Message),
            Detail = Searched(fields.Detail),
            Hint = Searched(fields.Hint),
            InternalQuery = Searched(fields.InternalQuery),
            Where = Searched(fields.Where),
            Schema = Searched(fields.Schema),
            Table = Searched(fields.Table),
            Column = Searched(fields.Column),
            DataType = Searched(fields.DataType),
            Constraint = Searched(fields.Constraint),
        }
        : fields;

    private string? Searched(string? text) => text is null ? null : redactor.Words(text);

    private static WireMessage MessageOf(byte type, ErrorFields fields)
    {
        using var writer = new WireWriter(Stream.Null);
        if (type == BackendMessage.ErrorResponse)
        {
            writer.WriteErrorResponse(fields);
        }
        else
        {
            writer.WriteNoticeResponse(fields);
        }

        return new WireMessage(type, writer.ToArray());
    }
}
