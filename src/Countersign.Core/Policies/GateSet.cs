using System.Collections;
using Countersign.Core.Actions;

namespace Countersign.Core.Policies;

/// <summary>A set of gates: where a fact exists, where a rule applies.</summary>
public readonly record struct GateSet : IEnumerable<GateKind>
{
    private readonly byte _bits;

    private GateSet(int bits) => _bits = (byte)bits;

    public static GateSet None => default;

    public static GateSet All { get; } = Of(Enum.GetValues<GateKind>());

    public bool IsEmpty => _bits == 0;

    public static GateSet Of(params ReadOnlySpan<GateKind> gates)
    {
        var bits = 0;
        foreach (var gate in gates)
        {
            bits |= 1 << (int)gate;
        }

        return new GateSet(bits);
    }

    public bool Contains(GateKind gate) => (_bits & (1 << (int)gate)) != 0;

    public bool IsSubsetOf(GateSet other) => (_bits & ~other._bits) == 0;

    public GateSet Intersect(GateSet other) => new(_bits & other._bits);

    public IEnumerator<GateKind> GetEnumerator()
    {
        foreach (var gate in Enum.GetValues<GateKind>())
        {
            if (Contains(gate))
            {
                yield return gate;
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The gates' names, separated by commas; <c>no gate</c> when there is none.</summary>
    public override string ToString() => IsEmpty ? "no gate" : string.Join(", ", this.Select(gate => gate.ToText()));
}
