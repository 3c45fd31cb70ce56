using System.Collections.Immutable;
using Countersign.Core.Actions.Json;

namespace Countersign.Core.Policies.Allowing;

/// <summary>
/// What would be allowed instead of what was denied. Everything it says was judged by the policy that denied: nothing
/// in it is a guess.
/// </summary>
public sealed record AllowedForm
{
    /// <summary>The same operation with these arguments is allowed; one of them differs.</summary>
    public CanonicalJson? Arguments { get; init; }

    /// <summary>The difference in words: <c>limit 100 instead of 500</c>.</summary>
    public string? Change { get; init; }

    /// <summary>Operations that are allowed on the same target with the same arguments.</summary>
    public ImmutableArray<string> Operations { get; init; } = [];

    public bool IsEmpty => Arguments is null && Operations.IsEmpty;

    /// <summary>A sentence for whoever was denied; empty when there is nothing to say.</summary>
    public override string ToString() => (Change, Operations) switch
    {
        ({ } change, _) => $"The same operation would be allowed with {change}.",
        (null, { IsEmpty: false }) => $"Allowed on this target: {string.Join(", ", Operations)}.",
        _ => "",
    };
}
