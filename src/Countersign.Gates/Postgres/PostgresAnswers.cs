using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Gates.Postgres;

/// <summary>
/// What an agent reads when its statement did not simply run: the error's message says what happened, its detail why,
/// its hint what to do next.
/// </summary>
internal static class PostgresAnswers
{
    /// <summary>
    /// Why nothing ran; of an action that ended, or of one that nobody decided yet. Drivers hide an error's detail more
    /// often than its message, so the reason stands in the message.
    /// </summary>
    public static Refusal WhyNotRun(ActionRecord record, Uri url) => record.State switch
    {
        ActionState.Refused => new Refusal(
            Refusal.InsufficientPrivilege, Sentences("Refused by policy.", record.Ending, Nothing(record)))
        {
            Hint = Sentences(record.Nearest?.ToString(), "Repeating the same statement changes nothing."),
        },
        ActionState.Denied => Denied(record),
        ActionState.Expired => new Refusal(
            Refusal.InsufficientPrivilege, Sentences("Not approved in time.", record.Ending, Nothing(record)))
        {
            Hint = "Sending the same statement again asks again.",
        },
        ActionState.Pending => Pending(record, url),
        _ => new Refusal(
            Refusal.InsufficientPrivilege,
            Sentences($"This statement was {record.State.ToText()}.", record.Ending, Nothing(record)))
        {
            Hint = "Sending the same statement again starts anew.",
        },
    };

    /// <summary>The caller stops waiting; the review stays.</summary>
    public static Refusal Pending(ActionRecord record, Uri url) => new(
        Refusal.QueryCanceled, $"Still waiting for approval {record.Id}; nothing was executed.")
    {
        Detail = $"People decide at {url} .",
        Hint = "Send exactly the same statement again to go on waiting or to run it once approved.",
    };

    /// <summary>The client asked for it, so that nothing is known of a decision.</summary>
    public static Refusal Cancelled(ActionRecord? held, Uri? url) => held is null
        ? new Refusal(Refusal.QueryCanceled, "canceling statement due to user request")
        : Pending(held, url!) with
        {
            Message = $"Cancelled while waiting for approval {held.Id}; nothing was executed.",
        };

    /// <summary>The database went while people thought about it; the review stays.</summary>
    public static Refusal GoneWhileHeld(ActionRecord held, string lastWords) => new(
        Refusal.ConnectionFailure,
        $"The connection to the database is lost while waiting for approval {held.Id}; nothing was executed.")
    {
        Detail = $"The database said last: {lastWords}",
        Hint = "The review stays open. Connect again and send exactly the same statement: it goes on waiting, or " +
            "runs once approved.",
        IsFatal = true,
    };

    public static Refusal Paused(string reason) => new(
        Refusal.ConfigurationLimitExceeded, $"This agent is paused; nothing was executed. {reason}");

    /// <summary>The token was taken away while its bearer logged in.</summary>
    public static Refusal Replaced { get; } = new(
        Refusal.InvalidPassword, "This token does not count any more; nothing was executed.")
    {
        Hint = "Ask the operator for the token that replaced it.",
        IsFatal = true,
    };

    public static Refusal Stopped(string reason) => new(
        Refusal.InsufficientPrivilege, $"People stopped this agent; nothing was executed. {reason}")
    {
        Hint = "Do not go on; tell the person you work for.",
        IsFatal = true,
    };

    /// <summary>A fault of this gateway's own, whose words are for its operators only.</summary>
    public static Refusal Unforeseen(int session, bool mayHaveRun) => new(
        Refusal.InternalError,
        "This gateway failed, and ends the session. " + (mayHaveRun
            ? "What was under way may or may not have been executed."
            : "Nothing was executed that was not answered before."))
    {
        Detail = $"The gateway's log says more about session {session}.",
        Hint = mayHaveRun
            ? "Look at the data before you repeat what was under way."
            : "Connect again; tell the people who run this gateway if it happens again.",
        IsFatal = true,
    };

    /// <summary>Rows that are fetched like this would be in no record of reads.</summary>
    public static Refusal PortalFetched() => new(
        Refusal.FeatureNotSupported, "This portal was bound by the protocol, so SQL cannot fetch from it here.")
    {
        Hint = "Go on with Execute, or declare a cursor for the query.",
    };

    /// <summary>Rows that are fetched later are counted by nobody.</summary>
    public static Refusal UnboundedCursor() => new(
        Refusal.FeatureNotSupported, "A cursor cannot be kept to the rows or bytes that may be returned.")
    {
        Hint = "Send the query itself instead of declaring a cursor for it.",
    };

    /// <summary>Code that had a bound may have opened it, and the bound ended with that code.</summary>
    public static Refusal UncountedCursor() => new(
        Refusal.FeatureNotSupported,
        "Nothing is fetched from this cursor: code whose rows or bytes are bounded may have opened it.")
    {
        Detail = "Nobody would count what is fetched later.",
        Hint = "Declare a cursor for the query itself, or send that query.",
    };

    /// <summary>What was bound under another policy is not run under this one.</summary>
    public static Refusal AllowedNoMore() => new(
        Refusal.InsufficientPrivilege, "What is in force changed since this portal was bound; it returns nothing more.")
    {
        Hint = "Bind and execute the statement again: then it is judged anew.",
    };

    /// <summary>The store, the policy or a key is not there: nothing privileged happens.</summary>
    public static Refusal Unavailable(string why) => new(
        Refusal.ConnectionFailure, $"Nothing was executed, because it could not be recorded: {why}")
    {
        Hint = "Try again in a moment.",
    };

    /// <summary>It was attempted, and ended otherwise than with the server's own answer.</summary>
    public static Refusal Outcome(ActionRecord record) => record.Outcome?.State switch
    {
        OutcomeState.Unknown => new Refusal(Refusal.OutcomeUnknown, $"The outcome of {record.Id} is unknown.")
        {
            Detail = record.Outcome.Error,
            Hint = "Look at the data before you repeat the statement.",
        },
        OutcomeState.Succeeded => new Refusal(
            Refusal.AdminShutdown, $"{record.Id} succeeded, but this session cannot go on after it.")
        {
            Hint = "Connect again, and do not repeat the statement.",
        },
        _ => new Refusal(Refusal.TransactionRollback, $"{record.Id} failed. {record.Outcome?.Error}"),
    };

    public static string Held(ActionRecord record, Uri url) =>
        $"statement held for approval {record.Id}: {url}";

    private static Refusal Denied(ActionRecord record)
    {
        var until = record.Life.DeniedUntil is { } at
            ? $" The same statement gets this answer until {at:yyyy-MM-ddTHH:mm:ssZ}."
            : "";
        var rules = string.Join(" ", record.Verdict.Rules.Select(rule => $"rule '{rule.Id}': {rule.Reason}"));
        return new Refusal(
            Refusal.InsufficientPrivilege,
            Sentences("Denied by reviewers.", record.Ending, $"It needed approval because of {rules}", Nothing(record)))
        {
            Hint = $"Do something else instead.{until}",
        };
    }

    private static string Nothing(ActionRecord record) => $"Nothing was executed ({record.Id}).";

    private static string Sentences(params IEnumerable<string?> texts) =>
        string.Join(' ', texts.Where(text => !string.IsNullOrEmpty(text)));
}
