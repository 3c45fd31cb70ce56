using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Access;

namespace Countersign.Gates.Api;

/// <summary>The errors of the API by their slugs (DESIGN section 6.3), in words that say what to do.</summary>
internal static class ApiProblems
{
    public static Problem OnlyAgentsAsk { get; } = new(
        403, "not-eligible", "People do not ask through the API: use a token of an agent.");

    public static Problem NoSuchAction { get; } = new(
        404, "unknown-action", "There is no such action among those you may see.");

    public static Problem NoSuchPermit { get; } = new(
        404, "unknown-action", "There is no such action that you asked for; only whoever asked claims and reports.");

    public static Problem OnlyPeopleStop { get; } = new(
        403, "not-eligible", "Agents ask; people decide who may ask. Use the token of a person.");

    public static Problem MayNotStop { get; } = new(
        403,
        "not-eligible",
        "You review nothing and do not stand behind this agent: ask a reviewer, an admin or its owner.");

    public static Problem NobodyResumes { get; } = new(
        409,
        "no-reviewer",
        "Lifting a stop takes two persons who may review, one of whom does not stand behind the agent, and the " +
        "configuration does not name two such persons. Add one to people: or to a rule, and start the server again.");

    public static Problem NoRehearsal(string why) => new(409, "no-dry-run", $"Nothing was run. {why}");

    public static Problem UnknownAgent(string id) => new(
        404, "unknown-agent", $"There is no agent '{id}'; see agents: in the configuration.");

    public static Problem ResumeRefused(StepRefusal why) => why switch
    {
        StepRefusal.AlreadyVoted => new Problem(
            409, "already-voted", "You have agreed already; now another person has to."),
        StepRefusal.NotEligible => new Problem(
            403, "not-eligible", "Lifting a stop takes two persons who may review; you review nothing."),
        _ => new Problem(409, why.ToSlug(), "Others have just decided about this; ask again to see where it stands."),
    };

    public static Problem UnknownTarget(string name) => new(
        404,
        "unknown-target",
        $"There is no target '{name}' that this agent may use; see targets: in the configuration.");

    public static Problem NoSigstore { get; } = new(
        406,
        "unsupported-format",
        "There is no Sigstore bundle of an action: its leaves are small JSON about encrypted payloads, and a bundle "
        + "needs leaves of the kind dsse that the gateway signed one by one. Ask for format=json or tlog-proof.");

    public static Problem BadFormat { get; } = RequestBody.Malformed("'format' is json (the default) or tlog-proof.");

    public static Problem NotRevealed(string why) => new(403, "not-eligible", why);

    public static Problem NoSuchEntry(IEnumerable<long> entries) => RequestBody.Malformed(
        $"'entry' is the index of an entry of this action: {string.Join(", ", entries)}.");

    public static Problem BadWait(TimeSpan longest) => RequestBody.Malformed(
        $"'wait' is a number of seconds from 0 to {longest.TotalSeconds:0}.");

    public static Problem BadDryRun { get; } = RequestBody.Malformed("'dry_run' is 1 or 0.");

    public static Problem Unavailable(string why) => new(503, "unavailable", why) { RetryAfter = 1 };

    public static Problem Paused(string why) => new(429, "agent-paused", why) { RetryAfter = 60 };

    public static Problem Stopped(string why) => new(403, "agent-stopped", why);

    public static Problem IdempotencyConflict(ActionId earlier) => new(
        409,
        "idempotency-conflict",
        "This Idempotency-Key was used for another request; use a new key for a new request.")
    {
        Extensions = new Dictionary<string, string> { ["action"] = earlier.Value },
    };

    /// <summary>The policy denies what a reviewer wanted to make of a request.</summary>
    public static Problem RevisionDenied(Verdict verdict) => new(
        409,
        "refused-by-policy",
        "The policy denies it in this form: " +
        string.Join(" ", verdict.Rules.Select(rule => $"{rule.Id.Value}: {rule.Reason}")).Trim() +
        " The action stays as it was.");

    public static Problem BadDecision { get; } = RequestBody.Malformed("'decision' is 'approve' or 'deny'.");

    public static Problem NoPasskey { get; } = new(
        409,
        "no-passkey",
        "You have no passkey here. Enrol one in the console, under your name, on an address that browsers trust.");

    public static Problem OnlyPeopleSign { get; } = new(403, "not-eligible", "Agents ask; people decide.");

    /// <summary>A signature that proves nothing is no weaker vote but none.</summary>
    public static Problem Unproven(string why, ActionRecord record) =>
        Of(StepRefusal.AssuranceTooLow, record, whyNot: null) with
        {
            Detail = $"The assertion does not count: {why} Ask /v1/actions/{{id}}/statement for a new statement.",
        };

    public static Problem Of(StepRefusal refusal, ActionRecord record, string? whyNot) => About(
        record,
        new Problem(
            refusal is StepRefusal.SelfApproval or StepRefusal.NotEligible or StepRefusal.AssuranceTooLow ? 403 : 409,
            refusal.ToSlug(),
            TextOf(refusal, record, whyNot)));

    public static Problem Of(PermitRefusal refusal, ActionRecord record) =>
        About(record, new Problem(409, refusal.ToSlug(), TextOf(refusal, record)));

    public static Problem TooLongReport(string member, string limit) => new(
        413, "too-large", $"'{member}' is longer than {limit}: report the outcome with less of it, or without.");

    private static Problem About(ActionRecord record, Problem problem) => problem with
    {
        Extensions = new Dictionary<string, string>
        {
            ["action"] = record.Id.Value,
            ["state"] = record.State.ToText(),
            ["digest"] = record.Action.Digest.Value,
        },
    };

    private static string TextOf(PermitRefusal refusal, ActionRecord record) => refusal switch
    {
        PermitRefusal.NoPermit =>
            $"The gateway executes what is asked of target '{record.Action.Target}' by itself: there is nothing to " +
            "claim or to report. Wait for its outcome.",
        PermitRefusal.StaleDigest =>
            "The digest is not that of the action as it was approved: people may have changed it. Read it again, and " +
            "act on the arguments that it has now.",
        PermitRefusal.NotApproved =>
            $"The action's state is '{record.State.ToText()}', so there is no permit. Nothing may be done. " +
            (record.State == ActionState.Pending ? "Wait until people decided." : record.Ending),
        PermitRefusal.AlreadyClaimed =>
            $"The permit was claimed before; the action's state is '{record.State.ToText()}'. Whoever claimed it " +
            "acts on it. Do nothing; ask anew for another one.",
        PermitRefusal.Expired when record.Life.LastOutcome is null =>
            "The approval was not used in time. Nothing may be done; ask again.",
        PermitRefusal.Expired =>
            "The time for a report is over, and the outcome is recorded as unknown. Tell whoever has to know.",
        PermitRefusal.NotClaimed =>
            $"The permit was not claimed; the action's state is '{record.State.ToText()}'. Only what was claimed has " +
            "an outcome.",
        _ => $"The outcome was reported before; the action's state is '{record.State.ToText()}'.",
    };

    private static string TextOf(StepRefusal refusal, ActionRecord record, string? whyNot) => refusal switch
    {
        StepRefusal.SelfApproval =>
            whyNot ?? "You stand behind this request, so somebody else has to approve it.",
        StepRefusal.NotEligible => whyNot ?? "You are not among the reviewers of this action.",
        StepRefusal.AssuranceTooLow =>
            $"The rule asks for assurance '{LeastOf(record)}', and this sign-in gives less. A token gives 'token': " +
            "sign in in the stronger way, or let the rule say 'assurance: token'.",
        StepRefusal.StaleDigest =>
            "The digest is not the one of the present revision: the action changed since you looked. Read it again.",
        StepRefusal.AlreadyVoted => "You have voted on this revision; one person counts once.",
        StepRefusal.Expired => "Nobody decided in time; the action has expired. The agent may ask again.",
        _ => $"The action's state is '{record.State.ToText()}'; there is nothing left to decide.",
    };

    private static string LeastOf(ActionRecord record) => record.Life.Tracks
        .Select(track => track.Requirement.Assurance)
        .DefaultIfEmpty(Assurance.Token)
        .Min()
        .ToText();
}
