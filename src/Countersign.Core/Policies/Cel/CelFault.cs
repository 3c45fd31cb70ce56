namespace Countersign.Core.Policies.Cel;

/// <summary>Why an evaluation has no value; a fault travels as a value and is never thrown.</summary>
public sealed record CelFault(string Reason)
{
    internal static readonly CelFault BudgetExhausted =
        new("the step budget is exhausted; shorten the lists the expression walks or split the expression");
}
