namespace Countersign.Core.Reviews;

/// <summary>
/// The one attempt that is under way: which node made it, with which fence. A report about an older fence is ignored.
/// </summary>
public sealed record Execution(NodeId Owner, long Fence, DateTimeOffset StartedAt);

/// <summary>One run of one server process; a restarted server is another node.</summary>
public readonly record struct NodeId
{
    private readonly string? _value;

    public NodeId(string value) => _value = Identity.Name.Check(value, "node id");

    public string Value => _value ?? throw new InvalidOperationException("A default NodeId names no node.");

    public override string ToString() => _value ?? "";
}
