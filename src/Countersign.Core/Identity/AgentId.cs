namespace Countersign.Core.Identity;

/// <summary>The non-human that asks.</summary>
public readonly record struct AgentId
{
    private readonly string? _value;

    public AgentId(string value) => _value = Name.Check(value, "agent id");

    public string Value => _value ?? throw new InvalidOperationException("A default AgentId names nothing.");

    public override string ToString() => _value ?? "";
}
