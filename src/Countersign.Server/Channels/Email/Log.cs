using Countersign.Core.Identity;

namespace Countersign.Server.Channels.Email;

/// <summary>What the email channel logs: persons by their ids and status codes, never addresses or texts.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "The mail server refuses mail to {Person} for good ({Status}); it is given up")]
    public static partial void RecipientRefused(ILogger log, PersonId person, int status);
}
