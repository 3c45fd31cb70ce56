using System.Collections.Immutable;

namespace Countersign.Core.Policies;

/// <summary>
/// Collects what is wrong with a policy while it is loaded, so that its author sees everything at once.
/// </summary>
internal sealed class PolicyErrors
{
    private readonly List<PolicyError> _errors = [];

    public bool Any => _errors.Count > 0;

    public void Add(SourcePosition at, string message, string? suggestion = null) =>
        _errors.Add(new PolicyError(at, message, suggestion));

    /// <summary>
    /// The errors in the order of the text, cut at the limit: whoever made that many reads the first ones first.
    /// </summary>
    public ImmutableArray<PolicyError> Sorted() =>
        [.. _errors.OrderBy(error => error.At).Take(PolicyLimits.Errors)];
}
