namespace Countersign.Core.Identity;

/// <summary>A human, whatever account they use: separation of duties counts these.</summary>
public readonly record struct PersonId
{
    private readonly string? _value;

    public PersonId(string value) => _value = Name.Check(value, "person id");

    public string Value => _value ?? throw new InvalidOperationException("A default PersonId names nothing.");

    public override string ToString() => _value ?? "";
}
