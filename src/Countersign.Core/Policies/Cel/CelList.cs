using System.Collections.Immutable;

namespace Countersign.Core.Policies.Cel;

/// <summary>
/// A list as the evaluator sees it; a host may derive from it to present its own data without copying.
/// </summary>
public abstract class CelList
{
    internal static readonly CelList Empty = new OfValues([]);

    public abstract int Count { get; }

    /// <summary>The element at an index that is known to lie between 0 and <see cref="Count"/>.</summary>
    public abstract CelValue this[int index] { get; }

    internal sealed class OfValues(ImmutableArray<CelValue> values) : CelList
    {
        public override int Count => values.Length;

        public override CelValue this[int index] => values[index];
    }

    internal sealed class OfStrings(IReadOnlyList<string> values) : CelList
    {
        public override int Count => values.Count;

        public override CelValue this[int index] => CelValue.FromString(values[index]);
    }
}
