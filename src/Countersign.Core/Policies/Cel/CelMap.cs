using System.Collections.Immutable;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel;

/// <summary>
/// A map as the evaluator sees it; a host may derive from it to present its own data without copying.
/// </summary>
public abstract class CelMap
{
    public abstract int Count { get; }

    /// <summary>The key of the entry at an index between 0 and <see cref="Count"/>, in a stable order.</summary>
    public abstract CelValue KeyAt(int index);

    /// <summary>The value of the entry at an index between 0 and <see cref="Count"/>.</summary>
    public abstract CelValue ValueAt(int index);

    /// <summary>Finds the value of a key; numeric keys are equal when their values are, whatever their kind.</summary>
    public abstract bool TryGet(in CelValue key, out CelValue value);

    internal sealed class OfEntries : CelMap
    {
        private readonly ImmutableArray<KeyValuePair<CelValue, CelValue>> _entries;
        private readonly Dictionary<MapKey, int> _positions;

        private OfEntries(ImmutableArray<KeyValuePair<CelValue, CelValue>> entries, Dictionary<MapKey, int> positions)
        {
            _entries = entries;
            _positions = positions;
        }

        public override int Count => _entries.Length;

        /// <summary>Builds a map, or an error when a key is of a kind that cannot be one or comes twice.</summary>
        public static CelValue Create(ImmutableArray<KeyValuePair<CelValue, CelValue>> entries)
        {
            var positions = new Dictionary<MapKey, int>(entries.Length);
            for (var i = 0; i < entries.Length; i++)
            {
                var key = entries[i].Key;
                if (key.Kind == CelKind.Double || !MapKey.TryFrom(key, out var mapKey))
                {
                    return CelValue.Error($"a map key must be a bool, an int, a uint or a string, not {key}");
                }

                if (!positions.TryAdd(mapKey, i))
                {
                    return CelValue.Error($"the map key {key} comes twice");
                }
            }

            return CelValue.FromMap(new OfEntries(entries, positions));
        }

        public override CelValue KeyAt(int index) => _entries[index].Key;

        public override CelValue ValueAt(int index) => _entries[index].Value;

        public override bool TryGet(in CelValue key, out CelValue value)
        {
            if (MapKey.TryFrom(key, out var mapKey) && _positions.TryGetValue(mapKey, out var position))
            {
                value = _entries[position].Value;
                return true;
            }

            value = default;
            return false;
        }
    }
}
