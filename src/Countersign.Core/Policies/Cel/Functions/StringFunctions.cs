using System.Collections.Immutable;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Functions;

/// <summary>Tests and searches in strings; positions count code points.</summary>
internal static class StringFunctions
{
    private static readonly CelValue OutOfRange = CelValue.Error("the position is outside the string");

    public static readonly ImmutableArray<Overload> All =
    [
        Method("contains", [CelType.String, CelType.String], CelType.Bool, static (ref e, scoped a) =>
            e.TryChargeSearch(a[0].AsString.Length, a[1].AsString.Length)
                ? CelValue.FromBool(a[0].AsString.Contains(a[1].AsString, StringComparison.Ordinal))
                : CelValue.Error(CelFault.BudgetExhausted)) with { Effort = Effort.Search },
        Test("startsWith", static (text, part) => text.StartsWith(part, StringComparison.Ordinal)),
        Test("endsWith", static (text, part) => text.EndsWith(part, StringComparison.Ordinal)),
        Matches(isMethod: true),
        Matches(isMethod: false),
        Search("indexOf", [], static (text, part, _) => text.IndexOf(part, StringComparison.Ordinal)),
        Search("indexOf", [CelType.Int], static (text, part, from) =>
            text.IndexOf(part, from, StringComparison.Ordinal)),
        Search("lastIndexOf", [], static (text, part, _) => LastIndexOf(text, part, text.Length)),
        Search("lastIndexOf", [CelType.Int], LastIndexOf),
        Method("charAt", [CelType.String, CelType.Int], CelType.String, static (ref e, scoped a) =>
            CharAt(a[0].AsString, a[1].AsInt)),
        Method("substring", [CelType.String, CelType.Int], CelType.String, static (ref e, scoped a) =>
            Substring(ref e, a[0].AsString, a[1].AsInt, end: null)) with { Growth = Growth.Sum },
        Method("substring", [CelType.String, CelType.Int, CelType.Int], CelType.String, static (ref e, scoped a) =>
            Substring(ref e, a[0].AsString, a[1].AsInt, a[2].AsInt)) with { Growth = Growth.Sum },
    ];

    private static Overload Method(
        string name, ImmutableArray<CelType> parameters, CelType result, Implementation body) =>
        new(name, parameters, result, body) { IsMethod = true };

    private static Overload Test(string name, Func<string, string, bool> test) =>
        Method(name, [CelType.String, CelType.String], CelType.Bool, (ref e, scoped a) =>
            e.TryChargeText(a[0].AsString.Length)
                ? CelValue.FromBool(test(a[0].AsString, a[1].AsString))
                : CelValue.Error(CelFault.BudgetExhausted)) with { IsTextTest = true };

    /// <summary>
    /// The pattern of this overload is known only now; constant patterns are compiled when the rule is loaded.
    /// </summary>
    private static Overload Matches(bool isMethod) =>
        new("matches", [CelType.String, CelType.String], CelType.Bool, static (ref e, scoped a) =>
        {
            if (!e.TryCharge(Checking.CostEstimate.PatternCost * Pattern.MostWeightAtRunTime))
            {
                return CelValue.Error(CelFault.BudgetExhausted);
            }

            if (!Pattern.TryCompile(a[1].AsString, Pattern.MostWeightAtRunTime, out var pattern, out var reason))
            {
                return CelValue.Error(reason);
            }

            var truth = pattern!.Test(ref e, a[0]);
            return truth == Truth.Fault ? CelValue.Error(e.Fault!) : CelValue.FromBool(truth == Truth.True);
        })
        {
            IsMethod = isMethod,
            Effort = Effort.Pattern,
        };

    private static Overload Search(string name, ImmutableArray<CelType> more, Func<string, string, int, int> search) =>
        Method(name, [CelType.String, CelType.String, .. more], CelType.Int, (ref e, scoped a) =>
        {
            var text = a[0].AsString;
            if (!e.TryChargeSearch(text.Length, a[1].AsString.Length))
            {
                return CelValue.Error(CelFault.BudgetExhausted);
            }

            var from = a.Length < 3 ? 0 : CodePoints.ToIndex(text, a[2].AsInt);
            if (from < 0)
            {
                return OutOfRange;
            }

            var found = search(text, a[1].AsString, from);
            return CelValue.FromInt(found < 0 ? -1 : CodePoints.FromIndex(text, found));
        }) with
        {
            Effort = Effort.Search,
        };

    /// <summary>The last occurrence that starts at or before a position.</summary>
    private static int LastIndexOf(string text, string part, int from)
    {
        var end = Math.Min(text.Length, from + part.Length);
        return text.AsSpan(0, end).LastIndexOf(part, StringComparison.Ordinal) is var found && part.Length == 0
            ? Math.Min(from, text.Length)
            : found;
    }

    private static CelValue CharAt(string text, long position)
    {
        var index = CodePoints.ToIndex(text, position);
        return index < 0 ? OutOfRange
            : index == text.Length ? CelValue.FromString("")
            : CelValue.FromString(text.Substring(index, CodePoints.LengthAt(text, index)));
    }

    private static CelValue Substring(ref Evaluation evaluation, string text, long start, long? end)
    {
        var from = CodePoints.ToIndex(text, start);
        var to = end is { } position ? CodePoints.ToIndex(text, position) : text.Length;
        if (from < 0 || to < from)
        {
            return OutOfRange;
        }

        return Texts.TryAllow(ref evaluation, to - from, out var refusal)
            ? CelValue.FromString(text[from..to])
            : refusal;
    }
}
