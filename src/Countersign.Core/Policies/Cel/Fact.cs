using System.Collections.Immutable;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel;

/// <summary>The body of a host function for one frame; the arguments are of the declared kinds.</summary>
public delegate CelValue CelFunction(ReadOnlySpan<CelValue> arguments);

/// <summary>Why a host function will never answer for these constants; null when it may.</summary>
public delegate string? RefuseConstants(ImmutableArray<CelValue> constants);

/// <summary>One declared fact and its place in a frame.</summary>
public sealed class Fact
{
    internal Fact(int slot, string name, CelType type, int maxElements, int maxLength)
    {
        Slot = slot;
        Name = name;
        Type = type;
        MaxElements = maxElements;
        MaxLength = maxLength;
        Missing = new CelFault($"no such fact: {name}");
    }

    public string Name { get; }

    public CelType Type { get; }

    public int MaxElements { get; }

    public int MaxLength { get; }

    internal int Slot { get; }

    internal CelFault Missing { get; }

    /// <summary>The value to keep in a frame: an error instead of a value that breaks the declaration.</summary>
    internal CelValue Admit(in CelValue value)
    {
        if (value.IsError)
        {
            return value;
        }

        if (!Kinds.Fits(value.Kind, Type))
        {
            return CelValue.Error($"the fact {Name} is declared {Type}, but holds {value}");
        }

        return Size(value) <= (value.Kind is CelKind.List or CelKind.Map ? MaxElements : MaxLength)
            ? value
            : CelValue.Error($"the fact {Name} is larger than declared: {Size(value)}");
    }

    private static int Size(in CelValue value) => value.Kind switch
    {
        CelKind.String => value.AsString.Length,
        CelKind.Bytes => value.Octets.Length,
        CelKind.List => value.AsList.Count,
        CelKind.Map => value.AsMap.Count,
        _ => 0,
    };
}

/// <summary>One overload of a function that the host supplies with each frame.</summary>
public sealed class FactFunction
{
    internal FactFunction(int slot, string name, ImmutableArray<CelType> parameters, CelType result)
    {
        Slot = slot;
        Name = name;
        Parameters = parameters;
        Result = result;
        Missing = new CelFault($"no such fact: {name}()");
    }

    public string Name { get; }

    public ImmutableArray<CelType> Parameters { get; }

    public CelType Result { get; }

    internal RefuseConstants? Refuse { get; init; }

    internal int Slot { get; }

    internal CelFault Missing { get; }
}
