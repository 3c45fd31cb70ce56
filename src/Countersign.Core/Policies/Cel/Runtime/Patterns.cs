using System.Text.RegularExpressions;

namespace Countersign.Core.Policies.Cel.Runtime;

/// <summary>
/// Regular expressions in linear time. RE2 syntax is translated to .NET's where both have the construct; what .NET's
/// linear engine does not know, such as look-around and back-references, is refused, as RE2 refuses it.
/// </summary>
internal static class Patterns
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    public static bool TryCompile(string pattern, out Regex? regex, out string reason)
    {
        regex = null;
        if (pattern.Length > CelLimits.PatternLength)
        {
            reason = $"the pattern is longer than {CelLimits.PatternLength} characters";
            return false;
        }

        if (!PatternTranslation.TryTranslate(pattern, out var translated, out reason))
        {
            return false;
        }

        try
        {
            regex = new Regex(translated, Options);
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            // NotSupportedException: look-around, back-references, or an automaton beyond the engine's size limit.
            reason = $"the pattern is refused: {exception.Message}";
            return false;
        }
    }

    public static Truth IsMatch(ref Evaluation evaluation, Regex regex, in CelValue text)
    {
        if (text.Kind != CelKind.String)
        {
            return text.IsError
                ? evaluation.Fail(text.Fault)
                : evaluation.Fail($"no such overload: {Kinds.NameOf(text.Kind)}.matches(string)");
        }

        return !evaluation.TryCharge(1 + (text.AsString.Length / 8)) ? evaluation.Fail(CelFault.BudgetExhausted)
            : regex.IsMatch(text.AsString) ? Truth.True : Truth.False;
    }
}
