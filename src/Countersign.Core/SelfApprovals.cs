using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// Records that somebody tried to approve what they stand behind. The refusal itself changes nothing; that it was tried
/// is worth knowing. It is an answer of somebody like any other vote, and its entry says that it was refused. One entry
/// for each revision and caller, so that trying again and again fills no ledger.
/// </summary>
internal sealed class SelfApprovals(IStore store)
{
    /// <summary>What is remembered as recorded; beyond it all is forgotten, and recorded once more.</summary>
    private const int MostRemembered = 10_000;

    // Guards the set below.
    private readonly Lock _lock = new();
    private readonly HashSet<(ActionId Action, int Revision, string Who)> _recorded = [];

    /// <summary>The refused approval of a person.</summary>
    /// <exception cref="StoreUnavailableException">Nobody knows whether it is recorded.</exception>
    public Task RecordAsync(ActionRecord record, Voter voter, CancellationToken cancellationToken) =>
        RecordAsync(record, "person", voter.Person.Value, voter.Assurance.ToText(), cancellationToken);

    /// <summary>The refused approval of an agent.</summary>
    /// <exception cref="StoreUnavailableException">Nobody knows whether it is recorded.</exception>
    public Task RecordAsync(ActionRecord record, AgentId agent, CancellationToken cancellationToken) =>
        RecordAsync(record, "agent", agent.Value, assurance: null, cancellationToken);

    private async Task RecordAsync(
        ActionRecord record, string who, string id, string? assurance, CancellationToken cancellationToken)
    {
        var key = (record.Id, record.Life.Revision, $"{who}:{id}");
        if (record.State != ActionState.Pending || !Remember(key))
        {
            return;
        }

        var isRecorded = false;
        try
        {
            var payload = PayloadWriter.SelfApproval(who, id, assurance, record.Action.Digest);
            await store.CommitAsync(
                new Change
                {
                    Entries = [new EntryDraft(EntryType.ReviewVote, record.Id, record.Life.Revision, payload)],
                },
                cancellationToken);
            isRecorded = true;
        }
        finally
        {
            if (!isRecorded)
            {
                Forget(key);
            }
        }
    }

    private bool Remember((ActionId Action, int Revision, string Who) key)
    {
        lock (_lock)
        {
            if (_recorded.Count >= MostRemembered)
            {
                _recorded.Clear();
            }

            return _recorded.Add(key);
        }
    }

    private void Forget((ActionId Action, int Revision, string Who) key)
    {
        lock (_lock)
        {
            _recorded.Remove(key);
        }
    }
}
