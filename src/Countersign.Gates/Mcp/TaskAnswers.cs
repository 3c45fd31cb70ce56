using Countersign.Core.Actions;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Answers to some of a tool's questions, until the others come. They are kept in this node's memory only, because
/// nothing happens before all are there: where they are lost, the task shows its questions again.
/// </summary>
internal sealed class TaskAnswers
{
    /// <summary>Tasks that may be half answered at the same time; the oldest make room.</summary>
    private const int MaxTasks = 256;

    /// <summary>Largest answers that are kept for one task, in bytes; larger ones have to come at once.</summary>
    private const int MaxBytes = 64 * 1024;

    private readonly Lock _lock = new();

    // Both are guarded by the lock. What was forgotten keeps its place in the order until it is its turn.
    private readonly Dictionary<ActionId, RawObject> _given = [];
    private readonly Queue<ActionId> _order = new();

    public RawObject Of(ActionId asked)
    {
        lock (_lock)
        {
            return _given.GetValueOrDefault(asked) ?? RawObject.Empty;
        }
    }

    /// <summary>Keeps answers beside earlier ones, which stand; <c>false</c> when they are too large.</summary>
    public bool TryKeep(ActionId asked, RawObject answers)
    {
        lock (_lock)
        {
            var isKnown = _given.TryGetValue(asked, out var earlier);
            var all = (earlier ?? RawObject.Empty).Members.Aggregate(
                answers, static (kept, member) => kept.With(member.Key, member.Value));
            if (all.ToBytes().Length > MaxBytes)
            {
                return false;
            }

            if (!isKnown)
            {
                MakeRoom_NeedsLock();
                _order.Enqueue(asked);
            }

            _given[asked] = all;
            return true;
        }
    }

    public void Forget(ActionId asked)
    {
        lock (_lock)
        {
            _given.Remove(asked);
        }
    }

    private void MakeRoom_NeedsLock()
    {
        while (_order.Count >= MaxTasks)
        {
            _given.Remove(_order.Dequeue());
        }
    }
}
