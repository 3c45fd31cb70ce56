using System.Diagnostics;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Server.Console.Views;

/// <summary>The console's phrases for closed sets, times and amounts.</summary>
internal static class Words
{
    private const int MaxHeadline = 240;

    /// <summary>How a state is called on a page; colour never carries it alone.</summary>
    public static string Of(ActionState state) => state switch
    {
        ActionState.Pending => "Waiting for review",
        ActionState.Approved => "Approved, not executed yet",
        ActionState.Executing => "Executing now",
        ActionState.Succeeded => "Succeeded",
        ActionState.Failed => "Failed",
        ActionState.Unknown => "Outcome unknown",
        ActionState.Denied => "Denied",
        ActionState.Expired => "Expired",
        ActionState.Withdrawn => "Withdrawn",
        ActionState.Superseded => "Superseded",
        ActionState.Refused => "Refused by policy",
        _ => throw new UnreachableException(),
    };

    /// <summary>How a sign-in is called after "signed in".</summary>
    public static string Of(Assurance assurance) => assurance switch
    {
        Assurance.Token => "by token",
        Assurance.Chat => "by chat",
        Assurance.Session => "with a session",
        Assurance.Passkey => "with a passkey",
        _ => throw new UnreachableException(),
    };

    public static string Of(Person person) => person.DisplayName == person.Id.Value
        ? person.Id.Value
        : $"{OneLine(person.DisplayName)} ({person.Id})";

    public static string Of(PersonId id, People people) => people.Find(id) is { } person ? Of(person) : id.Value;

    /// <summary>Why an answer was not recorded, and what to do about it.</summary>
    public static string Of(StepRefusal refusal, ActionRecord record, VotingRight right) => refusal switch
    {
        StepRefusal.SelfApproval or StepRefusal.NotEligible => right.WhyNot ?? "You may not answer this request now.",
        StepRefusal.AssuranceTooLow =>
            "Your sign-in is too weak for this approval: a rule asks for a stronger one. You may still deny.",
        StepRefusal.StaleDigest =>
            $"The request changed since you looked: this is revision {record.Life.Revision}. Read it, then decide.",
        StepRefusal.AlreadyDecided => $"It is over: the action is {record.State.ToText()} already.",
        StepRefusal.AlreadyVoted => "You have voted on this revision; a person counts once.",
        StepRefusal.Expired => "The time for a decision is over; the agent has to ask again.",
        _ => $"The action is {record.State.ToText()}; there is nothing to decide.",
    };

    /// <summary>What a stop did.</summary>
    public static string Of(StopDone done)
    {
        var entry = $"It is in the ledger as entry {done.Stop.Entry}.";
        var executing = done.Executing == 0
            ? ""
            : $" {done.Executing} of its actions had been sent and cannot be unsent.";
        return done.IsNew
            ? $"The agent is stopped, and what it had open is withdrawn ({done.Withdrawn}).{executing} {entry}"
            : $"Somebody had stopped the agent before.{executing} {entry}";
    }

    /// <summary>How an execution ended, and who says so.</summary>
    public static string Of(Outcome outcome, bool givesPermit) => (givesPermit, outcome) switch
    {
        (true, { IsSelfReported: false }) => "The agent claimed the permit and never said what became of it.",
        (true, { State: OutcomeState.Succeeded }) => "The agent says that it was done; the gateway saw nothing of it.",
        (true, { State: OutcomeState.Failed }) => "The agent says that it failed; the gateway saw nothing of it.",
        (true, _) => "The agent itself does not know whether it took effect: look at the target.",
        (_, { State: OutcomeState.Succeeded }) => "It was executed once.",
        (_, { State: OutcomeState.Failed }) => "It was tried once, and failed.",
        _ => "Nobody can say whether it took effect: look at the target.",
    };

    /// <summary>A text on one line, with everything that could mislead spelled out.</summary>
    public static string OneLine(string? raw) => DisplayText.OneLine(raw).Text;

    /// <summary>A headline: one line, and never longer than a few lines of a phone; it has its end too.</summary>
    public static string Headline(string raw) => Shortening.Of(OneLine(raw), MaxHeadline);

    /// <summary>A time seen from now, in the words that the page's script uses too.</summary>
    public static string Relative(DateTimeOffset at, DateTimeOffset now)
    {
        var amount = Amount((at - now).Duration());
        return at > now ? $"in {amount}" : $"{amount} ago";
    }

    public static string Clock(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'");

    /// <summary>A time as the attribute <c>datetime</c> wants it.</summary>
    public static string Machine(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");

    /// <summary>Which of the four looks an environment has; an unknown name gets the plain one.</summary>
    public static string EnvironmentKind(string environment) => environment.ToLowerInvariant() switch
    {
        "production" or "prod" or "live" => "production",
        "staging" or "stage" or "preproduction" => "staging",
        "development" or "dev" or "test" or "demo" => "development",
        _ => "other",
    };

    private static string Amount(TimeSpan span) => 0 switch
    {
        _ when span < TimeSpan.FromMinutes(1) => $"{(int)span.TotalSeconds} s",
        _ when span < TimeSpan.FromHours(1) => $"{(int)span.TotalMinutes} min",
        _ when span < TimeSpan.FromDays(1) => $"{(int)span.TotalHours} h {span.Minutes} min",
        _ => $"{(int)span.TotalDays} d {span.Hours} h",
    };
}
