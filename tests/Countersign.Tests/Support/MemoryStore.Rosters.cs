using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Tests.Support;

/// <summary>Which rosters were in force.</summary>
internal sealed partial class MemoryStore
{
    private RosterInForce? _roster;

    public Task<RosterInForce?> FindRosterAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(_roster);
        }
    }

    private ConflictReason? WhyNotUnder(RosterHash? roster) =>
        roster is { } hash && hash != (_roster?.Hash ?? default) ? ConflictReason.StaleRoster : null;

    private void ApplyRoster(Change change, int first)
    {
        if (change.NewRoster is { } hash)
        {
            var entry = change.Entries.ToList().FindIndex(
                each => each.Type is EntryType.PersonChanged or EntryType.AgentChanged);
            _roster = new RosterInForce(hash, (_roster?.Epoch ?? 0) + 1, entry < 0 ? null : first + entry);
        }
    }
}
