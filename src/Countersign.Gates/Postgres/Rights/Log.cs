using Microsoft.Extensions.Logging;

namespace Countersign.Gates.Postgres.Rights;

internal static partial class Log
{
    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "PostgreSQL: the rights of an action could not be taken back from '{Login}'; tried again until done")]
    public static partial void RevocationFailed(this ILogger log, Exception exception, string login);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "PostgreSQL: the login '{Login}' could not be taken back; tried again until done")]
    public static partial void ReturnFailed(this ILogger log, Exception exception, string login);

    [LoggerMessage(Level = LogLevel.Warning, Message = "PostgreSQL database '{Database}': sweep not finished")]
    public static partial void SweepFailed(this ILogger log, Exception exception, string database);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "PostgreSQL database '{Database}': swept {Leases} logins, {Memberships} memberships, {Roles} roles")]
    public static partial void Swept(
        this ILogger log, string database, int leases, int memberships, int roles);

    [LoggerMessage(Level = LogLevel.Warning, Message = "PostgreSQL database '{Database}': {Warning}")]
    public static partial void Warned(this ILogger log, string database, string warning);
}
