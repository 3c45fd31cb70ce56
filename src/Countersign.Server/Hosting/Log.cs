using Countersign.Core.Actions;
using Countersign.Core.Identity;

namespace Countersign.Server.Hosting;

/// <summary>What the host logs.</summary>
internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Information, Message = "The PostgreSQL gate listens on {Address}")]
    public static partial void PostgresListening(this ILogger log, System.Net.IPEndPoint address);

    [LoggerMessage(1, LogLevel.Warning, "A sweep failed and goes on later")]
    public static partial void SweepFailed(this ILogger log, Exception failure);

    [LoggerMessage(2, LogLevel.Information, "Policy {Policy} is in force")]
    public static partial void PolicyInForce(this ILogger log, string policy);

    [LoggerMessage(4, LogLevel.Warning,
        "The policy files changed. The policy in force stays until the change is approved: {Action}")]
    public static partial void PolicyProposed(this ILogger log, string action);

    [LoggerMessage(6, LogLevel.Warning,
        "The configuration changes who may do what. Nobody has anything by it until it is approved: {Action}")]
    public static partial void PeopleProposed(this ILogger log, string action);

    [LoggerMessage(7, LogLevel.Warning,
        "A changed configuration could not be put to review; the next start tries again")]
    public static partial void ProposalFailed(this ILogger log, Exception failure);

    [LoggerMessage(5, LogLevel.Information,
        "Agent {Agent} asks for something on {Target} that waits for review: {Url}")]
    public static partial void ReviewOpened(this ILogger log, AgentId agent, TargetName target, Uri url);

    [LoggerMessage(3, LogLevel.Error, "A request failed")]
    public static partial void RequestFailed(this ILogger log, Exception failure);
}
