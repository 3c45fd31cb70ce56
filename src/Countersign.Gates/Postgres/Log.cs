using Microsoft.Extensions.Logging;

namespace Countersign.Gates.Postgres;

internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "PostgreSQL gate: a connection could not be accepted: {Reason}")]
    public static partial void AcceptFailed(this ILogger log, string reason);

    [LoggerMessage(
        Level = LogLevel.Information, Message = "PostgreSQL gate: a connection was refused, {Code}: {Reason}")]
    public static partial void ConnectionRefused(this ILogger log, string code, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "PostgreSQL gate: a connection ended: {Reason}")]
    public static partial void ConnectionEnded(this ILogger log, string reason);
}
