using System.Collections.Immutable;
using Countersign.Core.Identity;

namespace Countersign.Tests.Support;

/// <summary>Since when who is in which group.</summary>
internal sealed partial class MemoryStore
{
    private ImmutableArray<Membership>? _memberships;

    public Task<ImmutableArray<Membership>> SettleMembershipsAsync(
        ImmutableArray<(PersonId Person, GroupName Group)> present, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var fresh = _memberships is null ? DateTimeOffset.MinValue : Now;
            ImmutableArray<Membership> settled = [.. present.Select(member =>
                _memberships?.FirstOrDefault(known => (known.Person, known.Group) == member)
                ?? new Membership(member.Person, member.Group, fresh))];
            _memberships = settled;
            return Task.FromResult(settled);
        }
    }
}
