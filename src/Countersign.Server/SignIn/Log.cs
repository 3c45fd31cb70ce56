using Countersign.Core.Identity;

namespace Countersign.Server.SignIn;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "Issuer {Issuer} cannot be asked: {Reason}")]
    public static partial void IssuerUnreachable(this ILogger logger, string issuer, string reason);

    [LoggerMessage(2, LogLevel.Warning, "What the identity provider says of {Person} could not be read: {Reason}")]
    public static partial void GroupsUnread(this ILogger logger, PersonId person, string reason);

    [LoggerMessage(3, LogLevel.Warning, "The identity provider knows {Person} no more: {Reason}")]
    public static partial void PersonLeft(this ILogger logger, PersonId person, string reason);

    [LoggerMessage(4, LogLevel.Warning, "A token of issuer {Issuer} was refused: {Reason}")]
    public static partial void TokenRefused(this ILogger logger, string issuer, string reason);
}
