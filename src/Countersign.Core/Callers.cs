using System.Collections.Concurrent;
using Countersign.Core.Actions;

namespace Countersign.Core;

/// <summary>
/// Which actions a live call on this node is executing or about to be answered with. An identical second call does not
/// take what the first is about to get.
/// </summary>
internal sealed class Callers
{
    private readonly ConcurrentDictionary<ActionId, int> _present = new();

    public bool IsPresent(ActionId id) => _present.ContainsKey(id);

    public Presence Enter(ActionId id)
    {
        _present.AddOrUpdate(id, 1, static (_, count) => count + 1);
        return new Presence(this, id);
    }

    public void Leave(ActionId id)
    {
        if (_present.AddOrUpdate(id, 0, static (_, count) => count - 1) <= 0)
        {
            _present.TryRemove(new KeyValuePair<ActionId, int>(id, 0));
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
}
