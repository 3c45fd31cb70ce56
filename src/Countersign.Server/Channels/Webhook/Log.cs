namespace Countersign.Server.Channels.Webhook;

/// <summary>What the webhook channel logs: ids and status codes, never what is delivered.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "The receiver refuses message {Message} with HTTP {Status}")]
    public static partial void MessageRefused(ILogger log, string message, int status);
}
