using Countersign.Core.Policies;
using Countersign.Core.Storage;

namespace Countersign.Tests.Support;

/// <summary>Which policies were in force.</summary>
internal sealed partial class MemoryStore
{
    private readonly List<(PolicyHash Policy, DateTimeOffset ReplacedAt)> _replaced = [];

    public Task<PolicyReplaced?> FindReplacedAsync(
        PolicyHash policy, DateTimeOffset since, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var found = _replaced.FindLast(each => each.Policy == policy && each.ReplacedAt >= since);
            return Task.FromResult(found == default ? null : new PolicyReplaced(found.ReplacedAt, Entry: null));
        }
    }

    private void NotePolicy(PolicyHash? next)
    {
        if (_policy is { } replaced && next is { } hash && hash != replaced.Hash)
        {
            _replaced.Add((replaced.Hash, Now));
        }
    }
}
