using Countersign.Core.Actions;

namespace Countersign.Core.Reads;

/// <summary>
/// A batch on its way to the store: durable at once, later by the sweep, or never when the node dies.
/// </summary>
internal sealed class PendingReads(ReadSession session, ReadBatch batch)
{
    private volatile bool _isDurable;

    public ActionId Id => batch.Id;

    public ReadSession Session => session;

    public ReadBatch Batch => batch;

    /// <summary>The first try; the desk owns it.</summary>
    public Task FirstTry { get; set; } = Task.CompletedTask;

    public bool IsDurable => _isDurable;

    public void Settle()
    {
        batch.Window?.Record(batch.Count);
        _isDurable = true;
    }
}
