using Countersign.Core.Actions;
using Microsoft.Extensions.Logging;

namespace Countersign.Gates.Credentials;

internal static partial class Log
{
    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Target {Target}: for {Action} the credential helper ({What}) {Reason}; it said {ErrorBytes} bytes " +
            "on standard error")]
    public static partial void MintFailed(
        this ILogger log, TargetName target, string action, string what, string reason, long errorBytes);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Target {Target}: for {Action} the credential helper printed what cannot be used: {Reason}")]
    public static partial void CredentialUnusable(this ILogger log, TargetName target, string action, string reason);
}
