using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Countersign.Core.Policies.Cel.Checking;

/// <summary>What the checker found: the checked tree, what it reads, and the errors that refuse it.</summary>
internal sealed record CheckResult(
    Node Node,
    FrozenSet<string> Reads,
    int LocalCount,
    ImmutableArray<CelError> Errors);
