using Countersign.Core.Actions;

namespace Countersign.Server.Channels.Teams;

/// <summary>What the Teams channel logs: ids and words of Teams, never what an agent or a person wrote.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "Teams user {User} may not decide: {Identity}")]
    public static partial void AccountRefused(ILogger log, string? user, string identity);

    [LoggerMessage(2, LogLevel.Warning, "An answer from Teams was not recorded: {Why}")]
    public static partial void NotRecorded(ILogger log, string why);

    [LoggerMessage(3, LogLevel.Warning, "An answer to a Teams user was lost: {Why}")]
    public static partial void ReplyLost(ILogger log, string why);

    [LoggerMessage(4, LogLevel.Warning, "Teams refuses the card of {Action}; a short one is sent instead")]
    public static partial void CardRefused(ILogger log, ActionId action);

    [LoggerMessage(5, LogLevel.Warning, "A request to the Teams endpoint was refused: {Why}")]
    public static partial void RequestRefused(ILogger log, string why);

    [LoggerMessage(6, LogLevel.Warning, "Teams account {Account} cannot be written to: {Why}")]
    public static partial void PersonUnreachable(ILogger log, string account, string why);
}
