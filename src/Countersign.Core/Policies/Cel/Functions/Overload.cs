using System.Collections.Immutable;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Functions;

/// <summary>The body of a built-in function; its arguments are of the declared kinds and none is an error.</summary>
internal delegate CelValue Implementation(ref Evaluation evaluation, scoped ReadOnlySpan<CelValue> arguments);

/// <summary>How the work of a function grows with its arguments.</summary>
internal enum Effort
{
    Constant,
    Linear,

    /// <summary>Looks for the second text in the first.</summary>
    Search,

    /// <summary>Looks for the second text in the first and keeps each piece.</summary>
    Split,

    /// <summary>Looks for the second text in the first and writes something for each piece.</summary>
    Replace,

    /// <summary>As much as the result holds.</summary>
    Result,

    /// <summary>Follows a template, which may say more than it is long.</summary>
    Template,
    Quadratic,
    Pattern,
    Zone,
}

/// <summary>How large the result may become.</summary>
internal enum Growth
{
    Small,
    Sum,

    /// <summary>Every element, and the second argument between them.</summary>
    Joined,
    Product,
    Limit,
}

/// <summary>One overload of a built-in function; of a method, the first parameter is the receiver.</summary>
internal sealed record Overload(
    string Name,
    ImmutableArray<CelType> Parameters,
    CelType Result,
    Implementation Body)
{
    public bool IsMethod { get; init; }

    /// <summary>The last parameter may be repeated.</summary>
    public bool IsVariadic { get; init; }

    /// <summary>The last argument names a time zone, which is looked up in the database of the machine.</summary>
    public bool TakesZone => Effort == Effort.Zone;

    public Effort Effort { get; init; } = Effort.Linear;

    public Growth Growth { get; init; } = Growth.Small;

    /// <summary>Compares one end of a text with another, which a condition may do without making values.</summary>
    public bool IsTextTest { get; init; }

    public bool Takes(int count) => count == Parameters.Length || (IsVariadic && count >= Parameters.Length);

    public CelType ParameterAt(int index) => Parameters[Math.Min(index, Parameters.Length - 1)];

    public bool Accepts(scoped ReadOnlySpan<CelValue> arguments)
    {
        if (!Takes(arguments.Length))
        {
            return false;
        }

        for (var i = 0; i < arguments.Length; i++)
        {
            if (!Kinds.Fits(arguments[i].Kind, ParameterAt(i)))
            {
                return false;
            }
        }

        return true;
    }

    public override string ToString()
    {
        var shown = string.Join(", ", Parameters.Skip(IsMethod ? 1 : 0)) + (IsVariadic ? ", ..." : "");
        return IsMethod ? $"{Parameters[0]}.{Name}({shown})" : $"{Name}({shown})";
    }
}
