using Countersign.Core.Actions;
using Countersign.Core.Identity;

namespace Countersign.Server.Console;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Person} signed in to the console with assurance {Assurance}.")]
    public static partial void SignedIn(ILogger logger, PersonId person, Assurance assurance);

    [LoggerMessage(2, LogLevel.Information, "{Person} signed out of the console.")]
    public static partial void SignedOut(ILogger logger, PersonId person);

    [LoggerMessage(3, LogLevel.Warning, "A console sign-in from {Address} was refused: {Reason}")]
    public static partial void SignInRefused(ILogger logger, System.Net.IPAddress? address, string reason);

    [LoggerMessage(4, LogLevel.Warning, "A form sent to {Path} was refused: it comes from no page of this session.")]
    public static partial void ForgedForm(ILogger logger, string path);

    [LoggerMessage(5, LogLevel.Information, "{Person} answered {Action} in the console: {Result}.")]
    public static partial void Answered(ILogger logger, PersonId person, ActionId action, string result);

    [LoggerMessage(6, LogLevel.Error, "The console could not answer {Path}.")]
    public static partial void Failed(ILogger logger, Exception failure, string path);

    [LoggerMessage(7, LogLevel.Warning, "{Person} stopped agent {Agent} in the console: {Result}.")]
    public static partial void StoppedAgent(ILogger logger, PersonId person, AgentId agent, string result);

    [LoggerMessage(9, LogLevel.Information, "{Person} wanted to enrol a passkey: {Result}.")]
    public static partial void EnrolledPasskey(ILogger logger, PersonId person, string result);

    [LoggerMessage(10, LogLevel.Warning, "{Person} wanted to revoke the passkey of entry {Entry}: {Result}.")]
    public static partial void RevokedPasskey(ILogger logger, PersonId person, long entry, string result);

    [LoggerMessage(11, LogLevel.Warning, "{Person} wanted to vouch for the first passkey of {Other}: code {Result}.")]
    public static partial void Vouched(ILogger logger, PersonId person, PersonId other, string result);

    [LoggerMessage(12, LogLevel.Critical, "{Person} broke the glass: {Action} may run without those who were asked.")]
    public static partial void GlassBroken(ILogger logger, PersonId person, ActionId action);

    [LoggerMessage(8, LogLevel.Warning, "{Person} agreed in the console that agent {Agent} goes on: {Result}.")]
    public static partial void ResumedAgent(ILogger logger, PersonId person, AgentId agent, string result);
}
