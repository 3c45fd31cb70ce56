using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Microsoft.Extensions.Logging;

namespace Countersign.Gates.Hooks;

internal static partial class Log
{
    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Hook target {Target}: a session of coding agent {Agent} begins")]
    public static partial void SessionBegun(this ILogger log, TargetName target, AgentId agent);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Hook target {Target}: session {Session} of coding agent {Agent} began {Minutes} minutes ago and " +
            "has asked for no tool; either it only talks, or its hooks are switched off: look at that machine, and " +
            "run 'countersign hook CLIENT --doctor' there")]
    public static partial void SessionSilent(
        this ILogger log, TargetName target, AgentId agent, string session, int minutes);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The store could not be asked whether coding agents that are silent here spoke elsewhere")]
    public static partial void SilenceUnknown(this ILogger log, Exception failure);
}
