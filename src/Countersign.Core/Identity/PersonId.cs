namespace Countersign.Core.Identity;

/// <summary>A human, whatever account they use: separation of duties counts these.</summary>
public readonly record struct PersonId
{
    private readonly string? value;

    public PersonId(string value) => this.value = Name.Check(value, "person id");

    public string Value => value ?? throw new InvalidOperationException("A default PersonId names nothing.");

    public override string ToString() => value ?? "";
}
