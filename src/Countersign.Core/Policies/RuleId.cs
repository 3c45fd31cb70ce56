using Countersign.Core.Identity;

namespace Countersign.Core.Policies;

/// <summary>
/// The name of a policy rule, unique over all files; <see cref="Default"/> stands for the policy's default.
/// </summary>
public readonly record struct RuleId
{
    private readonly string? _value;

    public RuleId(string value) => _value = Name.Check(value, "rule id");

    public static RuleId Default { get; } = new("default");

    public string Value => _value ?? throw new InvalidOperationException("A default RuleId names nothing.");

    public override string ToString() => _value ?? "";
}
