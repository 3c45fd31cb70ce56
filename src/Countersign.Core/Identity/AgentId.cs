namespace Countersign.Core.Identity;

/// <summary>The non-human that asks.</summary>
public readonly record struct AgentId
{
    private readonly string? value;

    public AgentId(string value) => this.value = Name.Check(value, "agent id");

    public string Value => value ?? throw new InvalidOperationException("A default AgentId names nothing.");

    public override string ToString() => value ?? "";
}
