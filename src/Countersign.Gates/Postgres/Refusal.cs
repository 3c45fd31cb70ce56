using System.Globalization;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres;

/// <summary>An error as this gate tells it: what happened, why, and what to do instead.</summary>
/// <param name="Code">SQLSTATE.</param>
/// <param name="Message">What happened.</param>
internal sealed record Refusal(string Code, string Message)
{
    public const string InsufficientPrivilege = "42501";
    public const string InvalidPassword = "28P01";
    public const string UnknownTarget = "3D000";
    public const string QueryCanceled = "57014";
    public const string AdminShutdown = "57P01";
    public const string ConnectionFailure = "08006";
    public const string ProtocolViolation = "08P01";
    public const string FeatureNotSupported = "0A000";
    public const string ProgramLimitExceeded = "54000";
    public const string ConfigurationLimitExceeded = "53400";
    public const string TooManyConnections = "53300";
    public const string TransactionRollback = "40000";
    public const string OutcomeUnknown = "08007";
    public const string InvalidStatementName = "26000";
    public const string InvalidCursorName = "34000";
    public const string DuplicateStatement = "42P05";
    public const string UndefinedParameter = "42P02";
    public const string CantChangeParameter = "55P02";
    public const string InternalError = "XX000";

    public string? Detail { get; init; }

    public string? Hint { get; init; }

    /// <summary>Character in the text that it is about, from 1.</summary>
    public int? Position { get; init; }

    /// <summary>Whether the connection ends with it.</summary>
    public bool IsFatal { get; init; }

    public ErrorFields ToFields() => new()
    {
        Severity = IsFatal ? ErrorFields.Fatal : ErrorFields.Error,
        Code = Code,
        Message = Message,
        Detail = Detail,
        Hint = Hint,
        Position = Position?.ToString(CultureInfo.InvariantCulture),
    };
}
