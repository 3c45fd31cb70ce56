using System.Collections.Concurrent;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// What the policy lets be recorded together with its outcome (DESIGN section 2, step 5, <c>with</c>): it is executed,
/// and request and outcome become one entry. A crash in between leaves no trace of it, so it is for reads that harm
/// nobody.
/// </summary>
internal sealed class Recordings(Registrar registrar, IStore store, Attempt attempt, NodeId self)
{
    /// <summary>What ran and could not be recorded yet; the sweep tries again.</summary>
    private readonly ConcurrentDictionary<ActionId, ActionRecord> _unrecorded = new();

    /// <summary>
    /// Executes, then records. The task ends when the record is durable, and until then no byte of the answer may
    /// leave.
    /// </summary>
    public async Task<ActionRecord> RunAsync(ActionRecord allowed, ActionExecutor execute)
    {
        await Task.Yield();
        var start = store.Now;
        var taken = (Step.To)Lifecycle.Next(allowed.Life, new LifeEvent.Claimed(self, start, Electorate.Nobody));
        var claimed = allowed with { Life = taken.Life };
        var outcome = await attempt.MakeAsync(claimed, execute);
        var ended = (Step.To)Lifecycle.Next(
            taken.Life, new LifeEvent.Completed(taken.Life.Fence, outcome.State, store.Now));
        // A read is not handed over later: whoever asks again reads again.
        var delivered = (Step.To)Lifecycle.Next(ended.Life, new LifeEvent.Delivered(ended.Life.Fence));
        var record = claimed with
        {
            Life = delivered.Life,
            Outcome = outcome with { Duration = store.Now - start },
        };
        try
        {
            return await RecordWholeAsync(record, CancellationToken.None);
        }
        catch (StoreUnavailableException failure)
        {
            _unrecorded[record.Id] = record;
            throw new StoreUnavailableException(
                $"The call ran and could not be recorded yet, so its answer is withheld: {failure.Message}", failure);
        }
    }

    /// <summary>Records what the store did not take before.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        foreach (var (id, whole) in _unrecorded.OrderBy(pair => pair.Key.Value, StringComparer.Ordinal))
        {
            await RecordWholeAsync(whole, cancellationToken);
            _unrecorded.TryRemove(id, out var _);
        }
    }

    /// <summary>One entry for all of it. A version conflict means that an earlier try was written after all.</summary>
    private async Task<ActionRecord> RecordWholeAsync(ActionRecord record, CancellationToken cancellationToken)
    {
        var happening = new Happening(new LifeEvent.Delivered(record.Life.Fence))
        {
            Payload = (_, whole) => PayloadWriter.Write(json =>
            {
                PayloadWriter.Request(json, whole);
                json.WriteStartObject("outcome");
                PayloadWriter.Outcome(json, whole.Outcome!, whole.Life.Fence);
                json.WriteEndObject();
            }),
        };
        return await registrar.OpenAsync(record, [EntryType.ActionExecuted], happening, cancellationToken) switch
        {
            Registered.Done done => done.Record,
            Registered.Blocked { Reason: ConflictReason.VersionMoved } => record,
            var other => throw new StoreUnavailableException($"The record of {record.Id} was not taken: {other}."),
        };
    }
}
