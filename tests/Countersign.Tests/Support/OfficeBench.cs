using System.Collections.Immutable;
using System.Security.Cryptography;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Redaction;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Support;

/// <summary>
/// The core's rooms over a store that can fail. Alice owns the agent <c>bot</c>; Bob and Carol are database owners, and
/// every request needs one of the group unless the test says otherwise.
/// </summary>
internal sealed class OfficeBench
{
    public static readonly AgentId Bot = new("bot");
    public static readonly PersonId Bob = new("bob");
    public static readonly PersonId Carol = new("carol");
    public static readonly Target Ops = new(new TargetName("ops"), GateKind.Mcp, "production");

    /// <summary>What tokens are made and opened with.</summary>
    public static readonly RedactionKey TokenKey = new(new byte[RedactionKey.Length]);

    private static readonly PolicyHash Policy = PolicyHash.Of("a policy"u8);

    public OfficeBench()
    {
        Memory = new MemoryStore(TimeProvider.System);
        Store = new FaultyStore(Memory);
        Charter = new Charter
        {
            People = PeopleWith(new Agent(Bot, Party.Parse("alice"))),
            Targets = new[] { Ops }.ToImmutableDictionary(target => target.Name),
            Policy = Policy,
            Judge = (_, _) => Held,
        };
        Office = new Office(new OfficeOptions(Store, () => Charter, new ExecutionOptions(_ => ExecuteAsync))
        {
            Self = new NodeId("this-node"),
            Random = RandomNumberGenerator.Fill,
            Time = TimeProvider.System,
            Tokens = TokenKey,
        });
    }

    public MemoryStore Memory { get; }

    public FaultyStore Store { get; }

    public Charter Charter { get; set; }

    public Office Office { get; }

    /// <summary>How often something was sent to the target.</summary>
    public int Sent { get; private set; }

    /// <summary>What the target waits for before it answers.</summary>
    public Task Answering { get; set; } = Task.CompletedTask;

    public static Verdict Allowed => new(VerdictOutcome.Allow, [], [], Policy);

    public static Verdict Refused =>
        new(VerdictOutcome.Deny, [new MatchedRule(new RuleId("freeze"), "Frozen.")], [], Policy);

    public static Verdict Held
    {
        get
        {
            var stage = new Stage([Party.Parse("group:dba")], Need: 1, TimeSpan.FromMinutes(15), []);
            var requirement = new Requirement(
                new RuleId("writes"), "why", [stage], Assurance.Token, [], Bounds.None, GrantTerms.Default);
            return new Verdict(
                VerdictOutcome.Require, [new MatchedRule(requirement.Rule, "why")], [requirement], Policy);
        }
    }

    public static People PeopleWith(params Agent[] agents) => new(
        [Person("alice"), Person("bob", "dba"), Person("carol", "dba"), Person("dave")], agents);

    public static Asking Ask(GateKind via, string? onBehalfOf = null, string? idempotencyKey = null)
    {
        var arguments = new CanonicalObject().Add("table", "orders").ToCanonicalJson();
        var asker = new Asker(Bot, onBehalfOf is null ? null : new PersonId(onBehalfOf));
        return new Asking(asker, Ops, via, CanonicalAction.Of(Ops.Name, "drop_table", arguments))
        {
            IdempotencyKey = idempotencyKey,
        };
    }

    public async Task<ActionRecord> AskHeldAsync(
        GateKind via, string? onBehalfOf = null, string? idempotencyKey = null) =>
        Assert.IsType<Admission.Held>(await Office.Gatekeeper.AdmitAsync(
            Ask(via, onBehalfOf, idempotencyKey), TestContext.Current.CancellationToken)).Record;

    public Task<DeskAnswer> ApproveAsync(ActionRecord record, PersonId person) => Office.ReviewDesk.VoteAsync(
        record.Id,
        new Voter(person, Assurance.Session),
        new Ballot(Decision.Approve, record.Action.Digest, Comment: null),
        TestContext.Current.CancellationToken);

    public Task<Handled> CallAsync(CancellationToken cancellationToken) => Office.Gatekeeper.HandleAsync(
        Ask(GateKind.Mcp), new Call(ExecuteAsync, TimeSpan.Zero, _ => { }), cancellationToken);

    public Task SweepAsync() => Office.Reaper.SweepAsync(TestContext.Current.CancellationToken);

    public async Task<ActionRecord> EndOfAsync(ActionId id)
    {
        var ended = await Office.Gatekeeper.WaitForEndAsync(
            id, TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        return ended!;
    }

    public async Task<ActionRecord> OnlyActionAsync() => ActionRecord.Of((await Memory.FindAsync(
        Assert.Single(Memory.Actions).Id, TestContext.Current.CancellationToken))!);

    private static Person Person(string id, params string[] groups) =>
        new(new PersonId(id), id, [.. groups.Select(group => new GroupName(group))], IsAdmin: false);

    private async Task<Outcome> ExecuteAsync(ActionRecord action, CancellationToken cancellationToken)
    {
        Sent++;
        await Answering;
        return new Outcome(OutcomeState.Succeeded, "{}"u8.ToArray(), Error: null, TimeSpan.Zero);
    }
}
