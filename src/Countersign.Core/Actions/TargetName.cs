using Countersign.Core.Identity;

namespace Countersign.Core.Actions;

/// <summary>A registered upstream behind a gate.</summary>
public readonly record struct TargetName
{
    private readonly string? _value;

    public TargetName(string value) => _value = Name.Check(value, "target name");

    public string Value => _value ?? throw new InvalidOperationException("A default TargetName names nothing.");

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

    public override string ToString() => _value ?? "";
}
