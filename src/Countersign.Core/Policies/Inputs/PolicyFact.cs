using Countersign.Core.Policies.Cel;

namespace Countersign.Core.Policies.Inputs;

/// <summary>
/// A fact that policies may read: where it exists and how it is found. <c>Read</c> returns the default value when the
/// request does not have it.
/// </summary>
internal sealed record PolicyFact(Fact Fact, GateSet Gates, Func<PolicyInput, CelValue> Read)
{
    public bool IsPreview => Fact.Name.StartsWith("preview.", StringComparison.Ordinal);

    /// <summary>
    /// Whether it is the same for all requests of one asker at one target, by one way and operation, from which the
    /// gate derived the same facts. A fact has to say so: what says nothing counts as different each time.
    /// </summary>
    public bool IsOfShape { get; init; }
}

/// <summary>
/// A function that policies may call; <c>Read</c> returns <c>null</c> when the caller did not supply it.
/// </summary>
internal sealed record PolicyFunction(FactFunction Function, Func<PolicyInput, CelFunction?> Read);
