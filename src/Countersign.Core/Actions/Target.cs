using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Redaction;

namespace Countersign.Core.Actions;

/// <summary>
/// A registered upstream: what policy and people may know about it. Addresses and credentials stay in the gate.
/// </summary>
public sealed record Target(TargetName Name, GateKind Gate, string Environment)
{
    public static readonly TimeSpan DefaultDenyFor = TimeSpan.FromMinutes(10);

    public static readonly TimeSpan DefaultReportWithin = TimeSpan.FromDays(1);

    public ImmutableArray<string> Labels { get; init; } = [];

    /// <summary>
    /// Who looks at changes of the target itself, such as a tool's new definition; <c>null</c> is nobody.
    /// </summary>
    public Party? Reviewers { get; init; }

    /// <summary>Who may use the target; <c>null</c> is every agent.</summary>
    public ImmutableHashSet<AgentId>? Agents { get; init; }

    /// <summary>How long a denied request keeps its answer.</summary>
    public TimeSpan DenyFor { get; init; } = DefaultDenyFor;

    /// <summary>Whether only those who may vote see reviews of this target.</summary>
    public bool VisibleToReviewersOnly { get; init; }

    /// <summary>What is masked in what it answers.</summary>
    public TargetRedaction Redaction { get; init; } = TargetRedaction.None;

    public RecordMode Record { get; init; } = RecordMode.Before;

    /// <summary>
    /// How long after its claim the asker may say what became of a permit; then the outcome is unknown for good.
    /// </summary>
    public TimeSpan ReportWithin { get; init; } = DefaultReportWithin;

    /// <summary>Permits are claimed by the asker and never executed by a node (DESIGN section 2.7).</summary>
    public bool GivesPermits => Gate.GivesPermits();

    public bool Admits(AgentId agent) => Agents is null || Agents.Contains(agent);
}

/// <summary>How an allowed action is recorded (DESIGN section 2.5).</summary>
public enum RecordMode
{
    /// <summary>The intent is durable, then the action is sent, then its outcome is durable.</summary>
    Before,

    /// <summary>Request and outcome are one entry, durable before any byte of the answer leaves.</summary>
    With,

    /// <summary>
    /// Reads run unrecorded inside a window that was declared beforehand; only where the target opted in.
    /// </summary>
    Behind,
}
