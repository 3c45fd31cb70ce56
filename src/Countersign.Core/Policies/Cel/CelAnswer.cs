namespace Countersign.Core.Policies.Cel;

/// <summary>What a condition answers: it holds, it does not, or it has no answer because of a fault.</summary>
public readonly record struct CelAnswer
{
    private CelAnswer(bool holds, CelFault? fault)
    {
        Holds = holds;
        Fault = fault;
    }

    public bool Holds { get; }

    public CelFault? Fault { get; }

    internal static CelAnswer Of(bool holds) => new(holds, fault: null);

    internal static CelAnswer Of(CelFault fault) => new(holds: false, fault);
}
