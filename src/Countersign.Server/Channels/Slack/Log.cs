using Countersign.Core.Actions;
using Countersign.Core.Identity;

namespace Countersign.Server.Channels.Slack;

/// <summary>What the Slack channel logs: ids and words of Slack, never what an agent or a person wrote.</summary>
internal static partial class Log
{
    [LoggerMessage(2, LogLevel.Warning, "Slack user {User} may not decide: {Identity}")]
    public static partial void AccountRefused(ILogger log, string user, string identity);

    [LoggerMessage(3, LogLevel.Warning, "An answer from Slack was not recorded: {Why}")]
    public static partial void NotRecorded(ILogger log, string why);

    [LoggerMessage(4, LogLevel.Warning, "An answer to a Slack user was lost: {Why}")]
    public static partial void ReplyLost(ILogger log, string why);

    [LoggerMessage(7, LogLevel.Warning, "Slack refuses the card of {Action} ({Error}); a short one is sent instead")]
    public static partial void CardRefused(ILogger log, ActionId action, string error);

    [LoggerMessage(8, LogLevel.Warning, "A request to the Slack endpoint was refused: {Why}")]
    public static partial void RequestRefused(ILogger log, string why);

    [LoggerMessage(10, LogLevel.Information, "Socket Mode is connected")]
    public static partial void SocketConnected(ILogger log);
}
