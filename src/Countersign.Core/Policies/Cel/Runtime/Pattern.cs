using System.Text.RegularExpressions;

namespace Countersign.Core.Policies.Cel.Runtime;

/// <summary>
/// Regular expressions in linear time. RE2 syntax is translated to .NET's where both have the construct; what .NET's
/// linear engine does not know, such as look-around and back-references, is refused, as RE2 refuses it.
/// </summary>
internal sealed class Pattern
{
    /// <summary>The limits of a pattern that is compiled when a rule is loaded, and of one known only later.</summary>
    public const int MostWeight = 160;
    public const int MostWeightAtRunTime = 10;

    private const int PlacesPerWeight = 64;
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    private readonly Regex _regex;

    private Pattern(Regex regex, int weight)
    {
        _regex = regex;
        Weight = weight;
    }

    /// <summary>
    /// How many times more than a simple pattern it costs: where its states are too many to remember, each character
    /// is compared with every place the pattern could be at.
    /// </summary>
    public int Weight { get; }

    public static bool TryCompile(string pattern, int mostWeight, out Pattern? compiled, out string reason)
    {
        compiled = null;
        if (pattern.Length > CelLimits.PatternLength)
        {
            reason = $"the pattern is longer than {CelLimits.PatternLength} characters";
            return false;
        }

        if (!PatternTranslation.TryTranslate(pattern, out var translated, out reason))
        {
            return false;
        }

        var weight = PatternSize.Of(translated) / PlacesPerWeight;
        if (weight >= mostWeight)
        {
            reason = $"the pattern is refused: its repetitions have more than {mostWeight * PlacesPerWeight} places";
            return false;
        }

        try
        {
            compiled = new Pattern(new Regex(translated, Options), 1 + (int)weight);
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            // NotSupportedException: look-around, back-references, or an automaton beyond the engine's size limit.
            reason = $"the pattern is refused: {exception.Message}";
            return false;
        }
    }

    /// <summary>Whether it is found anywhere in a text that is no condition's, such as an argument.</summary>
    public bool IsMatch(string text) => _regex.IsMatch(text);

    /// <summary>Where it matches in a text, from left to right and without overlaps.</summary>
    public IEnumerable<(int Start, int Length)> Matches(string text)
    {
        for (var match = _regex.Match(text); match.Success; match = match.NextMatch())
        {
            yield return (match.Index, match.Length);
        }
    }

    public Truth Test(ref Evaluation evaluation, in CelValue text)
    {
        if (text.Kind != CelKind.String)
        {
            return text.IsError
                ? evaluation.Fail(text.Fault)
                : evaluation.Fail($"no such overload: {Kinds.NameOf(text.Kind)}.matches(string)");
        }

        return !evaluation.TryCharge((1 + (text.AsString.Length / 8)) * Weight)
            ? evaluation.Fail(CelFault.BudgetExhausted)
            : _regex.IsMatch(text.AsString) ? Truth.True : Truth.False;
    }
}
