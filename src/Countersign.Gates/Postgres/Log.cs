using Countersign.Core.Actions;
using Countersign.Core.Identity;
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

    [LoggerMessage(
        Level = LogLevel.Error, Message = "PostgreSQL gate: session {Session} of {Agent} at {Target} failed")]
    public static partial void SessionFailed(
        this ILogger log, Exception failure, int session, AgentId agent, TargetName target);

    [LoggerMessage(Level = LogLevel.Error, Message = "PostgreSQL gate: a connection failed before its session began")]
    public static partial void ConnectionFailed(this ILogger log, Exception failure);
}
