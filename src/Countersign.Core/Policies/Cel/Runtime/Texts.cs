namespace Countersign.Core.Policies.Cel.Runtime;

/// <summary>Strings that an evaluation builds, under the limit of their length and the step budget.</summary>
internal static class Texts
{
    public static readonly CelValue TooManyElements =
        CelValue.Error($"the list would hold more than {CelLimits.Elements} elements");

    public static readonly CelValue TooLong =
        CelValue.Error($"the string would be longer than {CelLimits.TextLength} characters");

    public static CelValue Concatenate(ref Evaluation evaluation, string left, string right) =>
        TryAllow(ref evaluation, (long)left.Length + right.Length, out var refusal)
            ? CelValue.FromString(left + right)
            : refusal;

    /// <summary>Charges for a text of a length that is about to be built.</summary>
    public static bool TryAllow(ref Evaluation evaluation, long length, out CelValue refusal)
    {
        refusal = length > CelLimits.TextLength ? TooLong
            : evaluation.TryChargeText(length) ? default
            : CelValue.Error(CelFault.BudgetExhausted);
        return refusal.Kind == CelKind.Absent;
    }
}
