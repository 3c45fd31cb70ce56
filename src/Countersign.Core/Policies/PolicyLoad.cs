using System.Collections.Immutable;

namespace Countersign.Core.Policies;

/// <summary>What loading a policy gave: a policy, or every reason why there is none.</summary>
public abstract record PolicyLoad
{
    private PolicyLoad()
    {
    }

    public sealed record Loaded(Policy Policy) : PolicyLoad;

    public sealed record Refused(ImmutableArray<PolicyError> Errors) : PolicyLoad
    {
        /// <summary>All errors, one a line.</summary>
        public override string ToString() => string.Join('\n', Errors);
    }
}
