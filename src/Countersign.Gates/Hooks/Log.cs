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
}
