namespace Countersign.Core.Identity;

/// <summary>A group of people, as the configured authority names it.</summary>
public readonly record struct GroupName
{
    private readonly string? value;

    public GroupName(string value) => this.value = Name.Check(value, "group name");

    public string Value => value ?? throw new InvalidOperationException("A default GroupName names nothing.");

    public override string ToString() => value ?? "";
}
