using System.Collections.Concurrent;
using System.Collections.Immutable;
using Countersign.Core.Actions;

namespace Countersign.Core;

/// <summary>
/// The live calls that wait for one decision, in the order they came. The newest goes first: an older identical call is
/// most likely a client that gave up and whose end has not arrived yet, and the newer one is its second try.
/// </summary>
internal sealed class HeldCalls
{
    private readonly ConcurrentDictionary<ActionId, ImmutableSortedSet<long>> _places = new();
    private long _lastPlace;

    public Place Enter(ActionId id)
    {
        var number = Interlocked.Increment(ref _lastPlace);
        _places.AddOrUpdate(id, [number], (_, places) => places.Add(number));
        return new Place(this, id, number);
    }

    private bool IsNewest(ActionId id, long number) => _places.TryGetValue(id, out var places) && places.Max == number;

    private void Leave(ActionId id, long number)
    {
        if (_places.AddOrUpdate(id, [], (_, places) => places.Remove(number)).IsEmpty)
        {
            _places.TryRemove(KeyValuePair.Create(id, ImmutableSortedSet<long>.Empty));
        }
    }

    /// <summary>Where one call stands among those that wait for the same decision.</summary>
    public sealed class Place(HeldCalls calls, ActionId id, long number) : IDisposable
    {
        public bool IsNewest => calls.IsNewest(id, number);

        public void Dispose() => calls.Leave(id, number);
    }
}
