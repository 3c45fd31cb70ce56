using Countersign.Core.Actions;

namespace Countersign.Core;

/// <summary>
/// Which actions a live call on this node is executing or about to be answered with. An identical second call does not
/// take what the first is about to get.
/// </summary>
internal sealed class Callers
{
    /// <summary>
    /// How long it may take until the end of a caller is noticed. A client that gives up and asks again may arrive
    /// before the end of its first connection does.
    /// </summary>
    public static readonly TimeSpan NoticeTime = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<ActionId, Attendance> _present = [];

    public bool IsPresent(ActionId id)
    {
        lock (_lock)
        {
            return _present.ContainsKey(id);
        }
    }

    /// <summary>Ends when the last caller of the action has left; at once when there is none.</summary>
    public Task UntilGone(ActionId id)
    {
        lock (_lock)
        {
            return _present.TryGetValue(id, out var attendance) ? attendance.Gone.Task : Task.CompletedTask;
        }
    }

    public Presence Enter(ActionId id)
    {
        lock (_lock)
        {
            if (!_present.TryGetValue(id, out var attendance))
            {
                _present.Add(id, attendance = new Attendance());
            }

            attendance.Callers++;
        }

        return new Presence(this, id);
    }

    public void Leave(ActionId id)
    {
        lock (_lock)
        {
            if (_present.TryGetValue(id, out var attendance) && --attendance.Callers == 0)
            {
                _present.Remove(id);
                attendance.Gone.SetResult();
            }
        }
    }

    public sealed class Presence(Callers callers, ActionId id) : IDisposable
    {
        private bool _left;

        public void Dispose()
        {
            if (!_left)
            {
                _left = true;
                callers.Leave(id);
            }
        }
    }

    private sealed class Attendance
    {
        public int Callers { get; set; }

        /// <summary>Whoever waits goes on elsewhere: this ends inside the lock.</summary>
        public TaskCompletionSource Gone { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
