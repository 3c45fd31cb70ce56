using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Model;

/// <summary>
/// Everything there is at one moment: the durable row, the clock, what is on its way to the store, the nodes, and what
/// an observer who sees everything would remember.
/// </summary>
internal sealed record World
{
    public required Life Row { get; init; }

    /// <summary>Minutes since the request came in.</summary>
    public int Clock { get; init; }

    /// <summary>Whether the policy became stricter since the request was judged.</summary>
    public bool IsStricter { get; init; }

    /// <summary>Whether Bob has left the group of reviewers.</summary>
    public bool HasBobLeft { get; init; }

    /// <summary>Read and not yet committed.</summary>
    public ImmutableArray<Operation> InFlight { get; init; } = [];

    public required ImmutableArray<Node> Nodes { get; init; }

    public Observer Observer { get; init; }

    /// <summary>
    /// Two worlds with the same key have the same future. Times that no rule reads again are left out, and so is what a
    /// stale change was made of, unless the store would take it.
    /// </summary>
    public string Key(bool storeTakesStale)
    {
        var key = new StringBuilder(160);
        WriteLife(key, Row);
        key.Append(CultureInfo.InvariantCulture, $"|{Clock}{(IsStricter ? 's' : '-')}{(HasBobLeft ? 'l' : '-')}");
        foreach (var node in Nodes)
        {
            key.Append(CultureInfo.InvariantCulture, $"|{node.Step}{node.Incarnation}{node.Fence}{node.Revision}");
        }

        foreach (var operation in InFlight.OrderBy(operation => operation.Order))
        {
            WriteOperation(key, operation, storeTakesStale);
        }

        return key.Append('|').Append(Observer.Key()).ToString();
    }

    private static void WriteOperation(StringBuilder key, Operation operation, bool storeTakesStale)
    {
        if (operation.IsStale && !storeTakesStale)
        {
            key.Append(CultureInfo.InvariantCulture, $"|{operation.Order}!");
            return;
        }

        key.Append(CultureInfo.InvariantCulture, $"|{operation.Order}@{operation.ReadAt}")
            .Append(operation.SawStricter ? 's' : '-').Append(operation.SawBobLeave ? 'l' : '-');
        if (operation.IsStale)
        {
            WriteLife(key.Append('!'), operation.Read);
        }
    }

    private static void WriteLife(StringBuilder key, Life life)
    {
        key.Append(CultureInfo.InvariantCulture, $"{life.State}{life.Revision}f{life.Fence}{life.LastOutcome}");
        foreach (var track in life.Tracks)
        {
            key.Append(CultureInfo.InvariantCulture, $"t{track.Stage}{track.Escalated}{track.EscalatedStages}");
            key.Append(Minute(track.Deadline));
        }

        foreach (var vote in life.Votes)
        {
            key.Append(CultureInfo.InvariantCulture, $"v{vote.Person.Value}{vote.Decision}");
        }

        foreach (var modifier in life.Modifiers)
        {
            key.Append('m').Append(modifier.Value);
        }

        if (life.Grant is { } grant)
        {
            key.Append(CultureInfo.InvariantCulture, $"g{grant.UsesLeft}x{Minute(grant.ExpiresAt)}");
        }

        key.Append(life.Execution?.Owner.Value);
        if (life.ReportBy is { } reportBy && reportBy < DateTimeOffset.MaxValue)
        {
            key.Append(CultureInfo.InvariantCulture, $"r{Minute(reportBy)}");
        }
    }

    private static int Minute(DateTimeOffset time) => (int)(time - Setting.Start).TotalMinutes;
}

/// <summary>What one node knows about the action.</summary>
internal readonly record struct Node(NodeStep Step, int Incarnation, long Fence, int Revision);

internal enum NodeStep
{
    Idle,

    /// <summary>Its claim is on the way to the store.</summary>
    Claiming,

    /// <summary>Its claim is durable, and it knows.</summary>
    Claimed,

    /// <summary>It heard nothing of its claim.</summary>
    Unsure,

    /// <summary>It has sent.</summary>
    Sent,

    /// <summary>Its report is on the way to the store.</summary>
    Reporting,
}

internal enum OperationKind
{
    Vote,
    Modify,
    Withdraw,
    Overtake,
    TimePasses,
    Claim,
    Report,
    Settle,
    Reap,

    /// <summary>A reap for which the target says what became of the execution.</summary>
    Prove,
}

/// <summary>One read of the row and the change that was made of it, until it is committed or given up.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Who">The person or the node.</param>
/// <param name="Detail">The decision or the outcome.</param>
/// <param name="Shown">The revision that a voter was shown.</param>
internal sealed record Operation(OperationKind Kind, int Who, int Detail, int Shown)
{
    /// <summary>The channel of a vote.</summary>
    public int Channel { get; init; }

    public required Life Read { get; init; }

    public required int ReadAt { get; init; }

    public required bool SawStricter { get; init; }

    public required bool SawBobLeave { get; init; }

    /// <summary>Whether the row changed since it was read.</summary>
    public bool IsStale { get; init; }

    public int Order => (Channel * 100_000) + ((int)Kind * 1000) + (Who * 100) + (Detail * 10) + Shown;

    /// <summary>Whether a node is doing it; its crash takes the operation along.</summary>
    public bool IsOf(int node) => Who == node
        && Kind is OperationKind.Claim or OperationKind.Report or OperationKind.Settle or OperationKind.Reap
            or OperationKind.Prove;
}

/// <summary>
/// What really happened, whatever the row says. Approvals are bits: person times two plus the revision that was shown.
/// </summary>
internal readonly record struct Observer(
    int Sends, int SentRevision, int Approvals, int Intents, bool WasDenied, bool SaidNothingWasSent)
{
    public string Key() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Sends}{SentRevision}a{Approvals}i{Intents}{(WasDenied ? 'd' : '-')}{(SaidNothingWasSent ? 'n' : '-')}");

    public Observer Approved(int person, int shown) =>
        this with { Approvals = Approvals | (1 << ((person * 2) + shown - 1)) };

    public bool HasApproved(int person, int revision) => (Approvals & (1 << ((person * 2) + revision - 1))) != 0;
}
