using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Records;

namespace Countersign.Core.Reviews;

/// <summary>
/// The channel-neutral document of a review, made from canonical bytes and facts by the gateway. A channel only renders
/// it, in this order; what the agent says comes last and is labelled.
/// </summary>
public sealed record Card
{
    public required ActionId Action { get; init; }

    public required int Revision { get; init; }

    /// <summary>From the gateway's own registry, never from the agent.</summary>
    public required string Environment { get; init; }

    /// <summary>Verb and object in one sentence.</summary>
    public required string Headline { get; init; }

    public Preview? Preview { get; init; }

    /// <summary>What the gate found out about the action, which rules have read.</summary>
    public required Facts Facts { get; init; }

    /// <summary>The exact arguments.</summary>
    public required CanonicalJson Exact { get; init; }

    public required int ExactBytes { get; init; }

    /// <summary>Which rules ask for a review, and why.</summary>
    public required ImmutableArray<MatchedRule> Rules { get; init; }

    public required Asker Asker { get; init; }

    public required TargetName Target { get; init; }

    public required GateKind Gate { get; init; }

    public required GateKind Via { get; init; }

    public required Claimed Claimed { get; init; }

    public required ActionDigest Digest { get; init; }

    /// <summary>
    /// The first characters of the digest, the same in every channel, for comparing two screens by eye.
    /// </summary>
    public string ShortDigest => Digest.Value["sha256:".Length..][..12];

    public static Card Of(ActionRecord record) => new()
    {
        Action = record.Id,
        Revision = record.Life.Revision,
        Environment = record.Environment,
        Headline = HeadlineOf(record.Gate, record.Action.Operation, record.Action.Target.Value),
        Preview = record.Preview,
        Facts = record.Facts,
        Exact = record.Action.Arguments,
        ExactBytes = record.Action.Arguments.Bytes.Length,
        Rules = record.Verdict.Rules,
        Asker = record.Asker,
        Target = record.Action.Target,
        Gate = record.Gate,
        Via = record.Via,
        Claimed = record.Claimed,
        Digest = record.Action.Digest,
    };

    /// <summary>The same sentence for who has an action as the API tells it.</summary>
    public static string HeadlineOf(GateKind gate, string operation, string target) => gate switch
    {
        GateKind.Mcp => $"Call tool {operation} on {target}",
        GateKind.Command => $"Run {operation} on {target}",
        GateKind.Hook => $"Use {operation} on {target}",
        _ => $"{operation} on {target}",
    };
}
