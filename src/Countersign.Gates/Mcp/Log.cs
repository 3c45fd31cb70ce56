using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Microsoft.Extensions.Logging;

namespace Countersign.Gates.Mcp;

internal static partial class Log
{
    [LoggerMessage(
        Level = LogLevel.Debug,
        Message = "MCP target {Target}: upstream connection opened, version {Version}")]
    public static partial void UpstreamOpened(this ILogger log, TargetName target, string version);

    [LoggerMessage(Level = LogLevel.Trace, Message = "MCP target {Target}: program says {Text}")]
    public static partial void ProgramSaidSensitive(this ILogger log, TargetName target, string text);

    [LoggerMessage(Level = LogLevel.Debug, Message = "MCP target {Target}: session of agent {Agent} begins")]
    public static partial void SessionBegun(this ILogger log, TargetName target, AgentId agent);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "MCP target {Target}: its tool '{Tool}' is hidden, because the gateway reserves that name")]
    public static partial void ReservedToolHidden(this ILogger log, TargetName target, string tool);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "MCP target {Target}: tool '{Tool}' is hidden, because its definition cannot be reviewed: {Reason}")]
    public static partial void UnreadableToolHidden(this ILogger log, TargetName target, string tool, string reason);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "MCP target {Target}: tool '{Tool}' is blocked, because its definition changed")]
    public static partial void DefinitionChanged(this ILogger log, TargetName target, string tool);

    [LoggerMessage(Level = LogLevel.Warning, Message = "MCP target {Target}: {Reason}")]
    public static partial void UpstreamFailed(this ILogger log, TargetName target, string reason);
}
