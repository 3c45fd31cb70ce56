using Countersign.Core.Identity;

namespace Countersign.Core.Actions;

/// <summary>A registered upstream behind a gate.</summary>
public readonly record struct TargetName
{
    private readonly string? value;

    public TargetName(string value) => this.value = Name.Check(value, "target name");

    public string Value => value ?? throw new InvalidOperationException("A default TargetName names nothing.");

    public static bool TryParse(string? text, out TargetName name)
    {
        name = default;
        if (!Name.IsValid(text))
        {
            return false;
        }

        name = new TargetName(text!);
        return true;
    }

    public override string ToString() => value ?? "";
}
