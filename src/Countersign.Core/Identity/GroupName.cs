namespace Countersign.Core.Identity;

/// <summary>A group of people, as the configured authority names it.</summary>
public readonly record struct GroupName
{
    private readonly string? _value;

    public GroupName(string value) => _value = Name.Check(value, "group name");

    public string Value => _value ?? throw new InvalidOperationException("A default GroupName names nothing.");

    public override string ToString() => _value ?? "";
}
