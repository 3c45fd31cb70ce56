using Countersign.Core.Actions;
using Countersign.Core.Identity;

namespace Countersign.Server.Channels;

/// <summary>What every channel logs: ids and words of the channel, never what an agent or a person wrote.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "{Channel} is degraded: {Why}")]
    public static partial void Degraded(ILogger log, string channel, string why);

    [LoggerMessage(2, LogLevel.Error, "Work of {Channel} failed and goes on later")]
    public static partial void WorkFailed(ILogger log, string channel, Exception failure);

    [LoggerMessage(3, LogLevel.Information, "An account of {Channel} was linked to {Person}")]
    public static partial void AccountLinked(ILogger log, string channel, PersonId person);

    [LoggerMessage(4, LogLevel.Information, "Person {Person} answered action {Action} in {Channel}: {Answer}")]
    public static partial void Answered(
        ILogger log, PersonId person, ActionId action, string channel, string answer);

    [LoggerMessage(5, LogLevel.Warning, "Person {Person} stops agent {Agent} from a chat: {Answer}")]
    public static partial void AgentStopped(ILogger log, PersonId person, AgentId agent, string answer);
}
