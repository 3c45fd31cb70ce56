using System.Globalization;
using System.Text;

namespace Countersign.Core.Actions.Json;

/// <summary>
/// Where in the document the reader stands; it costs one store per value and becomes text only in a refusal.
/// </summary>
internal sealed class JsonPath
{
    // A path is for a person to find the place; names come from a stranger and may be megabytes long.
    private const int LongestName = 60;
    private const int LongestText = 300;

    private readonly List<Step> _steps = [];

    public int Depth => _steps.Count;

    public void Enter() => _steps.Add(Step.Whole);

    public void Leave() => _steps.RemoveAt(_steps.Count - 1);

    /// <summary>Stands at the innermost object or array as a whole, between its members.</summary>
    public void AtWhole() => _steps[^1] = Step.Whole;

    public void At(string name) => _steps[^1] = new Step(name, 0);

    public void At(int index) => _steps[^1] = new Step(null, index);


    public override string ToString()
    {
        var text = new StringBuilder("$");
        foreach (Step step in _steps.Where(step => step != Step.Whole))
        {
            Append(text, step);
            if (text.Length > LongestText)
            {
                return text.Append('…').ToString();
            }
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, Step step)
    {
        if (step.Name is null)
        {
            text.Append(CultureInfo.InvariantCulture, $"[{step.Index}]");
        }
        else if (step.Name.Length is > 0 and <= LongestName && step.Name.All(IsPlain))
        {
            text.Append('.').Append(step.Name);
        }
        else
        {
            AppendQuoted(text, step.Name);
        }
    }

    private static void AppendQuoted(StringBuilder text, string name)
    {
        text.Append("['");
        foreach (char character in name.AsSpan(0, Math.Min(name.Length, LongestName)))
        {
            // Everything a terminal or a log might act on is shown as its number.
            _ = character is >= ' ' and <= '~' and not ('\'' or '\\')
                ? text.Append(character)
                : text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
        }

        text.Append(name.Length > LongestName ? "…']" : "']");
    }

    private static bool IsPlain(char character) => char.IsAsciiLetterOrDigit(character) || character is '_' or '-';

    private readonly record struct Step(string? Name, int Index)
    {
        public static readonly Step Whole = new(null, -1);
    }
}
