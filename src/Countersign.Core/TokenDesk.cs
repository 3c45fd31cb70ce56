using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Redaction;
using Countersign.Core.Reviews;

namespace Countersign.Core;

/// <summary>
/// Where an agent asks for the value behind a token that a target's masks made. It is an action like any other, asked
/// of the gateway itself, and no policy can let it through: the target's reviewers decide each time, or the admins
/// where it has none. The value is recorded nowhere. It is opened again for the one answer that hands it over.
/// </summary>
public sealed class TokenDesk
{
    public const string Operation = "detokenise";

    private static readonly TimeSpan ReviewTime = TimeSpan.FromDays(1);
    private static readonly RuleId Rule = new(Operation);
    private static readonly string[] Members = ["kind", "target", "token"];

    private readonly RedactionKey? _key;
    private readonly Func<Charter> _charter;

    internal TokenDesk(RedactionKey? key, Func<Charter> charter) => (_key, _charter) = (key, charter);

    /// <summary>Whether an operation on a target is this one.</summary>
    public static bool IsAbout(TargetName target, string operation) =>
        target == AgentDesk.Gateway.Name && operation == Operation;

    /// <summary>Puts a wish to review.</summary>
    /// <returns>What became of it; without that, why it cannot be asked.</returns>
    public async Task<(Admission? Admission, string? WhyNot)> AskAsync(
        Asking asking, Gatekeeper gatekeeper, CancellationToken cancellationToken)
    {
        if (WhyNot(asking) is { } reason)
        {
            return (null, reason);
        }

        var admission = await gatekeeper.AdmitAsync(
            asking, (wish, _) => VerdictFor(ReviewersOf(wish.Action)), cancellationToken);
        return (admission, null);
    }

    /// <summary>What an approved wish answers, for the answer that counts as its delivery alone.</summary>
    public ReadOnlyMemory<byte>? ValueOf(ActionRecord record) =>
        IsAbout(record.Action.Target, record.Action.Operation) && record.State == ActionState.Succeeded
            && Open(record.Action) is { } value
                ? (ReadOnlyMemory<byte>?)new CanonicalObject().Add("value", value).ToCanonicalJson().Bytes
                : null;

    /// <summary>Executes an approved wish, and leaves everything else to others.</summary>
    internal FindExecutor FindExecutorOr(FindExecutor others) =>
        action => IsAbout(action.Action.Target, action.Action.Operation) ? ExecuteAsync : others(action);

    /// <summary>Whether the wish would not get as far today: the agent or its target is gone.</summary>
    internal static bool IsStricter(ActionRecord record, Charter today) =>
        today.People.Find(record.Asker.Agent) is null || TargetOf(record.Action, record.Asker, today) is null;

    private Task<Outcome> ExecuteAsync(ActionRecord action, CancellationToken cancellationToken) =>
        Task.FromResult(Open(action.Action) is null
            ? new Outcome(
                OutcomeState.Failed, null, "This server has no key any more that opens the token.", TimeSpan.Zero)
            // The value itself is in no record.
            : new Outcome(OutcomeState.Succeeded, Result: null, Error: null, TimeSpan.Zero));

    private string? WhyNot(Asking asking)
    {
        using var arguments = JsonDocument.Parse(asking.Action.Arguments.Bytes);
        if (!arguments.RootElement.EnumerateObject().Select(member => member.Name).SequenceEqual(Members)
            || arguments.RootElement.EnumerateObject().Any(member => member.Value.ValueKind != JsonValueKind.String))
        {
            return "The arguments are {target, kind, token}, all of them texts: the target whose answer holds the " +
                "token, the kind in its mask, and the letters behind its ~.";
        }

        return 0 switch
        {
            _ when _key is null => "This server has no redaction key, and so made no token.",
            _ when TargetOf(asking.Action, asking.Asker, _charter()) is null =>
                "There is no such target for this agent.",
            _ when Open(asking.Action) is null => "This is no token of that kind from that target.",
            _ when ReviewersOf(asking.Action).IsEmpty =>
                "Nobody could approve it: the target has no reviewers, and no person has the role admin.",
            _ => null,
        };
    }

    private string? Open(CanonicalAction action)
    {
        using var arguments = JsonDocument.Parse(action.Arguments.Bytes);
        var (target, kind, token) = (Text("target"), Text("kind"), Text("token"));
        return _key?.ForTokensOf(target).Open(kind, token);

        string Text(string name) => arguments.RootElement.GetProperty(name).GetString()!;
    }

    private static Target? TargetOf(CanonicalAction action, Asker asker, Charter today) =>
        action.Arguments.TryGetMember("target", out var member)
        && TargetName.TryParse(JsonSerializer.Deserialize<string>(member.Bytes.Span), out var name)
            ? today.FindTarget(name, asker.Agent)
            : null;

    private ImmutableArray<Party> ReviewersOf(CanonicalAction action)
    {
        var today = _charter();
        action.Arguments.TryGetMember("target", out var member);
        var name = JsonSerializer.Deserialize<string>(member!.Bytes.Span)!;
        var target = TargetName.TryParse(name, out var known) ? today.Targets.GetValueOrDefault(known) : null;
        return target?.Reviewers is { } reviewers && !today.People.MembersOf(reviewers).IsEmpty
            ? [reviewers]
            : [.. today.People.Persons.Where(person => person.IsAdmin).Select(person => new Party.OfPerson(person.Id))];
    }

    private Verdict VerdictFor(ImmutableArray<Party> reviewers)
    {
        const string reason = "A value that is masked for agents is handed to one.";
        var requirement = new Requirement(
            Rule,
            reason,
            [new Stage(reviewers, Need: 1, ReviewTime, Escalate: [])],
            Assurance.Session,
            DistinctFrom: [],
            Bounds.None,
            GrantTerms.Default);
        return new Verdict(
            VerdictOutcome.Require, [new MatchedRule(Rule, reason)], [requirement], _charter().Policy);
    }
}
