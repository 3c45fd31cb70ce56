using System.Collections.Immutable;

namespace Countersign.Core.Identity;

/// <summary>A human who may review: groups come from the configured authority only.</summary>
public sealed record Person(
    PersonId Id,
    string DisplayName,
    ImmutableHashSet<GroupName> Groups,
    bool IsAdmin)
{
    /// <summary>Whether they may let a request through alone when nobody else can be reached.</summary>
    public bool MayBreakGlass { get; init; }
}
