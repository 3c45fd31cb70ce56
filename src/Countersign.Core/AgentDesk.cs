using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// Where people stop an agent and let it go on (DESIGN section 2, "Stop"). Whoever may review may stop, alone and at
/// once. Letting it go on is an action of the gateway itself that two persons approve, at least one of whom does not
/// stand behind the agent.
/// </summary>
public sealed class AgentDesk
{
    /// <summary>The gateway itself as a target; no agent is admitted to it.</summary>
    public static readonly Target Gateway =
        new(new TargetName("countersign"), GateKind.Command, "countersign") { Agents = [] };

    /// <summary>How long the second person has.</summary>
    private static readonly TimeSpan ReviewTime = TimeSpan.FromDays(1);

    /// <summary>How long the second person's call waits for the stop to be lifted.</summary>
    private static readonly TimeSpan LiftTime = TimeSpan.FromSeconds(10);

    private static readonly RuleId TwoPersons = new("agent-resume");
    private static readonly RuleId OneOutsider = new("agent-resume-outsider");

    private readonly StopRegister _stops;
    private readonly Gatekeeper _gatekeeper;
    private readonly ReviewDesk _reviews;
    private readonly Func<Charter> _charter;

    internal AgentDesk(StopRegister stops, Gatekeeper gatekeeper, ReviewDesk reviews, Func<Charter> charter)
    {
        _stops = stops;
        _gatekeeper = gatekeeper;
        _reviews = reviews;
        _charter = charter;
    }

    /// <summary>What this node knows to be stopped.</summary>
    public StoppedAgents Stopped => _stops.Stopped;

    /// <summary>
    /// Whether a person may stop an agent: one who may review anything, or who stands behind this agent.
    /// </summary>
    public bool MayStop(PersonId person, AgentId agent)
    {
        var today = _charter();
        return today.PersonsWhoMayReview().Contains(person) || ChainOf(agent, today).Contains(person);
    }

    /// <summary>Whether it is a registered agent; the gateway itself asks for things too, and is none.</summary>
    public bool Knows(AgentId agent) => _charter().People.Find(agent) is not null;

    /// <summary>The agents that a person may stop, as the configuration lists them.</summary>
    public IEnumerable<Agent> StoppableBy(PersonId person) =>
        _charter().People.Agents.Where(agent => MayStop(person, agent.Id));

    /// <summary>The stop in force for an agent; <c>null</c> when there is none.</summary>
    public async Task<StopInForce?> FindStopAsync(AgentId agent, CancellationToken cancellationToken) =>
        await _stops.FindAsync(agent, cancellationToken) is { } stop ? StopInForce.Of(stop) : null;

    public async Task<StopAnswer> StopAsync(
        AgentId agent, PersonId by, string? comment, CancellationToken cancellationToken)
    {
        if (_charter().People.Find(agent) is null)
        {
            return new StopAnswer.UnknownAgent();
        }

        return MayStop(by, agent)
            ? new StopAnswer.Stopped(await _stops.StopAsync(agent, by, Shortened(comment), cancellationToken))
            : new StopAnswer.NotEligible();
    }

    /// <summary>Asks for the end of a stop, or agrees to it as the second person.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="voter">Who asks or agrees.</param>
    /// <param name="comment">Why, in that person's words.</param>
    /// <param name="shown">
    /// Index of the entry of the stop that the person was shown, because agreement to end one stop is none to end
    /// another; <c>null</c> agrees to the end of whichever is in force.
    /// </param>
    /// <param name="cancellationToken">Stops the asking.</param>
    public async Task<ResumeAnswer> ResumeAsync(
        AgentId agent, Voter voter, string? comment, long? shown, CancellationToken cancellationToken)
    {
        var today = _charter();
        var persons = today.PersonsWhoMayReview();
        if (today.People.Find(agent) is null)
        {
            return new ResumeAnswer.UnknownAgent();
        }

        if (!persons.Contains(voter.Person))
        {
            return new ResumeAnswer.Refused(StepRefusal.NotEligible);
        }

        if (await _stops.FindAsync(agent, cancellationToken) is not { } stop)
        {
            return new ResumeAnswer.Active();
        }

        // What is checked here is what the review below is about: the stop is read once.
        if (shown is { } entry && entry != stop.Entry)
        {
            return new ResumeAnswer.StoppedAgain();
        }

        var outsiders = persons.Except(ChainOf(agent, today));
        return persons.Count < 2 || outsiders.IsEmpty
            ? new ResumeAnswer.NobodyElse()
            : await VoteAsync(
                await OpenAsync(stop, persons, outsiders, cancellationToken), voter, comment, cancellationToken);
    }

    private static ImmutableHashSet<PersonId> ChainOf(AgentId agent, Charter today) =>
        today.People.ActorChain(new Asker(agent, OnBehalfOf: null));

    private static string? Shortened(string? comment) =>
        comment is { Length: > ReviewDesk.MaxComment } longer ? longer[..ReviewDesk.MaxComment] : comment;

    /// <summary>The open review of this stop's end; a new one when there is none.</summary>
    private async Task<ActionRecord> OpenAsync(
        AgentStop stop,
        ImmutableHashSet<PersonId> persons,
        ImmutableHashSet<PersonId> outsiders,
        CancellationToken cancellationToken)
    {
        var arguments = new CanonicalObject().Add("agent", stop.Agent.Value).Add("stop", stop.Entry);
        var action = CanonicalAction.Of(Gateway.Name, StopRegister.Operation, arguments.ToCanonicalJson());
        // As if it had come over the API: no caller waits for it, the deciding node executes it.
        var asking = new Asking(
            new Asker(DefinitionRegister.Gateway, OnBehalfOf: null), Gateway, GateKind.Api, action);
        var verdict = VerdictFor(persons, outsiders);
        var admission = await _gatekeeper.AdmitAsync(asking, (_, _) => verdict, cancellationToken);
        if (admission is Admission.Ended ended)
        {
            // An attempt that failed, perhaps because the store was away: that one is spent, this is another.
            await _gatekeeper.DeliveredAsync(ended.Record, cancellationToken);
            admission = await _gatekeeper.AdmitAsync(asking, (_, _) => verdict, cancellationToken);
        }

        return admission switch
        {
            Admission.Held held => held.Record,
            Admission.Granted granted => granted.Record,
            Admission.UnderWay underWay => underWay.Record,
            _ => throw new StoreUnavailableException(
                $"Whether agent {stop.Agent} may go on could not be put to review now; try again in a minute."),
        };
    }

    private async Task<ResumeAnswer> VoteAsync(
        ActionRecord asked, Voter voter, string? comment, CancellationToken cancellationToken)
    {
        var current = asked;
        if (asked.State == ActionState.Pending)
        {
            var ballot = new Ballot(Decision.Approve, asked.Action.Digest, comment);
            switch (await _reviews.VoteAsync(asked.Id, voter, ballot, cancellationToken))
            {
                case DeskAnswer.Refused refused:
                    return new ResumeAnswer.Refused(refused.Why);
                case DeskAnswer.Recorded recorded:
                    current = recorded.Record;
                    break;
            }
        }

        if (current.State == ActionState.Pending)
        {
            return new ResumeAnswer.Waiting(current);
        }

        var ended = await _gatekeeper.WaitForEndAsync(current.Id, LiftTime, cancellationToken);
        return ended?.State == ActionState.Succeeded
            ? new ResumeAnswer.Active()
            : throw new StoreUnavailableException(
                $"Two persons agreed, but the stop could not be lifted yet ({current.Id}). " +
                $"{ended?.Outcome?.Error} Ask again.");
    }

    private Verdict VerdictFor(ImmutableHashSet<PersonId> persons, ImmutableHashSet<PersonId> outsiders)
    {
        var two = RequirementOf(TwoPersons, "An agent that was stopped goes on when two persons agree.", persons, 2);
        var outsider = RequirementOf(
            OneOutsider, "One of them must not stand behind the agent: neither own it nor its group.", outsiders, 1);
        ImmutableArray<Requirement> requirements = outsiders.Count == persons.Count ? [two] : [two, outsider];
        return new Verdict(
            VerdictOutcome.Require,
            [.. requirements.Select(requirement => new MatchedRule(requirement.Rule, requirement.Reason))],
            requirements,
            _charter().Policy);
    }

    private static Requirement RequirementOf(
        RuleId rule, string reason, ImmutableHashSet<PersonId> persons, int need)
    {
        var parties = persons
            .OrderBy(person => person.Value, StringComparer.Ordinal)
            .Select(person => (Party)new Party.OfPerson(person));
        return new Requirement(
            rule,
            reason,
            [new Stage([.. parties], need, ReviewTime, Escalate: [])],
            Assurance.Token,
            DistinctFrom: [],
            Bounds.None,
            GrantTerms.Default);
    }
}

/// <summary>A stop as people see it.</summary>
/// <param name="At">When it was committed, by the store's clock.</param>
/// <param name="Entry">Index of its ledger entry.</param>
/// <param name="By">Who stopped the agent; <c>null</c> when the entry's payload was erased.</param>
/// <param name="Comment">Why, in that person's words.</param>
public sealed record StopInForce(DateTimeOffset At, long Entry, string? By, string? Comment)
{
    internal static StopInForce Of(AgentStop stop)
    {
        var (by, comment, _) = StopText.Read(stop);
        return new StopInForce(stop.At, stop.Entry, by, comment);
    }
}

/// <summary>What became of a stop.</summary>
public abstract record StopAnswer
{
    private StopAnswer()
    {
    }

    public sealed record Stopped(StopDone Done) : StopAnswer;

    public sealed record UnknownAgent : StopAnswer;

    /// <summary>The person reviews nothing and does not stand behind the agent.</summary>
    public sealed record NotEligible : StopAnswer;
}

/// <summary>What became of the wish to let an agent go on.</summary>
public abstract record ResumeAnswer
{
    private ResumeAnswer()
    {
    }

    /// <summary>The agent is not stopped, or not any more.</summary>
    public sealed record Active : ResumeAnswer;

    /// <summary>It is recorded; another person has to agree.</summary>
    public sealed record Waiting(ActionRecord Record) : ResumeAnswer;

    public sealed record Refused(StepRefusal Why) : ResumeAnswer;

    /// <summary>There are no two persons who could: the configuration has to name them first.</summary>
    public sealed record NobodyElse : ResumeAnswer;

    public sealed record UnknownAgent : ResumeAnswer;

    /// <summary>Another stop is in force than the one that the person was shown.</summary>
    public sealed record StoppedAgain : ResumeAnswer;
}
