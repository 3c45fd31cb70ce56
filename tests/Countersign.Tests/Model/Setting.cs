using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Model;

/// <summary>
/// The scene: two of the group <c>dba</c> within two minutes, a grant of one minute. Alice and Bob vote; Carol may
/// change the request; Olga owns the agent and is in the group too.
/// </summary>
internal static class Setting
{
    public const int Alice = 0;
    public const int Bob = 1;
    public const int Carol = 2;
    public const int Olga = 3;

    /// <summary>After this nothing can happen any more that has not happened before.</summary>
    public const int LastMinute = 4;

    public const int MaxRevision = 2;

    public static readonly string[] Channels = ["the console", "Slack", "Teams"];

    public static readonly DateTimeOffset Start = new(2026, 11, 21, 2, 0, 0, TimeSpan.Zero);

    private static readonly GroupName Dba = new("dba");
    private static readonly AgentId Agent = new("bot");

    /// <summary>The same owner under an account nobody connects with her.</summary>
    private static readonly AgentId Stranger = new("stranger");

    private static readonly PersonId[] Persons = [new("alice"), new("bob"), new("carol"), new("olga")];
    private static readonly PersonId SecondAlice = new("alice-2");

    private static readonly ActionDigest[] Digests = [DigestOf("""{"rows":40}"""), DigestOf("""{"rows":4}""")];

    private static readonly Requirement TwoOfDba = new(
        new RuleId("writes"),
        "Writes need two.",
        [new Stage([new Party.OfGroup(Dba)], Need: 2, TimeSpan.FromMinutes(2), Escalate: [])],
        Assurance.Token,
        DistinctFrom: [],
        Bounds.None,
        new GrantTerms(Uses: 1, TimeSpan.FromMinutes(1)));

    private static readonly People Everybody = PeopleWithout(nobody: true);
    private static readonly People WithoutBob = PeopleWithout(nobody: false);

    public static World Begin()
    {
        var verdict = new Verdict(VerdictOutcome.Require, [], [TwoOfDba], PolicyHash.Of("model"u8));
        return new World
        {
            Row = Lifecycle.Begin(Digests[0], verdict, Start).Life,
            Nodes = [default, default],
        };
    }

    public static DateTimeOffset At(int minute) => Start.AddMinutes(minute);

    public static PersonId Person(int who) => Persons[who];

    public static NodeId NodeName(int node, int incarnation) => new($"node-{node}-{incarnation}");

    public static bool IsAlive(NodeId owner, ImmutableArray<Node> nodes) =>
        Enumerable.Range(0, nodes.Length).Any(i => NodeName(i, nodes[i].Incarnation) == owner);

    /// <summary>What happens to a row, as the product's own events.</summary>
    public static LifeEvent EventOf(Operation operation, ImmutableArray<Node> nodes, DesignBug bug, Taker taker)
    {
        var now = At(operation.ReadAt);
        return operation.Kind switch
        {
            OperationKind.Vote => new LifeEvent.VoteCast(
                VoteOf(operation, now, bug),
                bug == DesignBug.NoDigestBinding ? operation.Read.Digest : Digests[operation.Shown - 1],
                ElectorateFor(operation, bug),
                TimeSpan.FromMinutes(10)),
            OperationKind.Modify => new LifeEvent.Modified(
                Persons[operation.Who],
                MayModify: true,
                operation.Read.Digest,
                Digests[operation.Read.Revision],
                [TwoOfDba],
                now),
            OperationKind.Withdraw => new LifeEvent.WithdrawnBy("bot"),
            OperationKind.Overtake => new LifeEvent.Overtaken("stricter"),
            OperationKind.TimePasses => new LifeEvent.TimePassed(now),
            OperationKind.Claim => new LifeEvent.Claimed(
                NodeName(operation.Who, nodes[operation.Who].Incarnation),
                bug == DesignBug.NoExpiryAtClaim ? Start : now,
                ElectorateFor(operation, bug))
            {
                IsStricterToday = operation.SawStricter,
                ReportBy = taker == Taker.Asker ? ReportBy(now, bug) : null,
            },
            OperationKind.Report when taker == Taker.Asker => new LifeEvent.Reported(
                Digests[nodes[operation.Who].Revision - 1],
                nodes[operation.Who].Fence,
                (OutcomeState)operation.Detail,
                now),
            OperationKind.Report => new LifeEvent.Completed(
                nodes[operation.Who].Fence, (OutcomeState)operation.Detail, now),
            OperationKind.Settle => new LifeEvent.Completed(operation.Read.Fence, OutcomeState.Failed, now),
            OperationKind.Reap => new LifeEvent.OwnerLost(operation.Read.Fence, OutcomeState.Unknown, now),
            OperationKind.Prove => new LifeEvent.OwnerLost(operation.Read.Fence, (OutcomeState)operation.Detail, now),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private static DateTimeOffset ReportBy(DateTimeOffset now, DesignBug bug) =>
        bug == DesignBug.SilenceIsWaitedFor ? DateTimeOffset.MaxValue : now.AddMinutes(1);

    private static Vote VoteOf(Operation operation, DateTimeOffset now, DesignBug bug)
    {
        var person = Persons[operation.Who];
        var votesAgain = operation.Read.Votes.Any(vote => vote.Person == person);
        var isTakenForAnother = (bug == DesignBug.DuplicateVoteCounts && votesAgain)
            || (bug == DesignBug.AccountIsPerson && operation is { Who: Alice, Channel: > 0 });
        return new Vote(
            isTakenForAnother ? SecondAlice : person,
            (Decision)operation.Detail,
            Assurance.Session,
            now,
            Comment: null);
    }

    private static Electorate ElectorateFor(Operation operation, DesignBug bug) => Electorate.Of(
        operation.Read,
        new Asker(bug == DesignBug.SelfApprovalByAccount ? Stranger : Agent, OnBehalfOf: null),
        operation.SawBobLeave ? WithoutBob : Everybody,
        policyAuthors: []);

    private static People PeopleWithout(bool nobody) => new(
        [
            .. Persons.Append(SecondAlice)
                .Where(person => nobody || person != Persons[Bob])
                .Select(person => new Person(person, person.Value, [Dba], IsAdmin: false)),
        ],
        [new Agent(Agent, new Party.OfPerson(Persons[Olga]))]);

    private static ActionDigest DigestOf(string arguments)
    {
        Assert.True(CanonicalJson.TryCanonicalize(
            System.Text.Encoding.UTF8.GetBytes(arguments), JsonLimits.Default, out var json, out _));
        return CanonicalAction.Of(new TargetName("db"), "delete", json).Digest;
    }
}
