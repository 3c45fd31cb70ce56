using System.Collections.Immutable;
using System.Text;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Tests.Core;

namespace Countersign.Tests.Simulation;

/// <summary>Who takes part: two agents of Olga's, the reviewers, and policies from lax to strict.</summary>
internal static class Cast
{
    public static readonly PersonId Alice = new("alice");
    public static readonly PersonId Bob = new("bob");
    public static readonly PersonId Lead = new("lead");

    /// <summary>She owns the agents and is a reviewer too, so she tries to approve.</summary>
    public static readonly PersonId Olga = new("olga");

    public static readonly PersonId[] Voters = [Alice, Bob, Lead, Olga];

    public static readonly AgentId[] Agents = [new("bot-a"), new("bot-b")];

    private static readonly GroupName Dba = new("dba");
    private static readonly Target Db = new(new TargetName("db"), GateKind.Mcp, "production");

    private static readonly People Everybody = new(
        [
            new Person(Alice, "Alice", [Dba], IsAdmin: false),
            new Person(Bob, "Bob", [Dba], IsAdmin: false),
            new Person(Olga, "Olga", [Dba], IsAdmin: false),
            new Person(Lead, "Lead", [new GroupName("leads")], IsAdmin: false),
        ],
        [.. Agents.Select(agent => new Agent(agent, new Party.OfPerson(Olga)))]);

    private static readonly Func<PolicyHash, Verdict>[] Demands =
        [Demand.OneDba, Demand.TwoDbas, Demand.OneDbaForTwoUses];

    /// <summary>What is in force under one policy; reads are allowed, drops refused, writes need people.</summary>
    public static Charter CharterUnder(int policy)
    {
        var hash = HashOf(policy);
        var demand = Demands[policy % Demands.Length];
        return new Charter
        {
            People = Everybody,
            Targets = ImmutableDictionary<TargetName, Target>.Empty.Add(Db.Name, Db),
            Policy = hash,
            Reviewers = [new Party.OfGroup(Dba), new Party.OfPerson(Lead)],
            Judge = (asking, _) => asking.Action.Operation switch
            {
                "read" => Demand.Nothing(hash),
                "drop" => Demand.Never(hash),
                _ => demand(hash),
            },
        };
    }

    /// <summary>How many persons a policy asks for before an operation may run.</summary>
    public static int NeededUnder(int policy, string operation) =>
        PersonsIn(CharterUnder(policy).Judge(
            Ask(Agents[0], operation, number: 0, key: null, isDetached: false), preview: null));

    public static int PersonsIn(Verdict verdict) =>
        verdict.Requirements.Sum(requirement => requirement.Stages.Sum(stage => stage.Need));

    public static PolicyHash HashOf(int policy) => PolicyHash.Of(Encoding.UTF8.GetBytes($"policy {policy}"));

    public static Asking Ask(AgentId agent, string operation, int number, string? key, bool isDetached)
    {
        Assert.True(CanonicalJson.TryCanonicalize(
            Encoding.UTF8.GetBytes($$"""{"n":{{number}}}"""), JsonLimits.Default, out var arguments, out _));
        return new Asking(
            new Asker(agent, OnBehalfOf: null),
            Db,
            isDetached ? GateKind.Api : GateKind.Mcp,
            CanonicalAction.Of(Db.Name, operation, arguments))
        {
            IdempotencyKey = key,
        };
    }
}
