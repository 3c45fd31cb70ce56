using System.Collections.Immutable;
using System.Globalization;

namespace Countersign.Core.Redaction.Structured;

/// <summary>
/// The part of RFC 9535 that names places: members, indexes, <c>*</c> and <c>..</c>, without filters and functions.
/// </summary>
public sealed class JsonPath
{
    private const int MostSteps = 32;

    private readonly string _text;
    private readonly ImmutableArray<Step> _steps;

    private JsonPath(string text, ImmutableArray<Step> steps) => (_text, _steps) = (text, steps);

    /// <exception cref="ArgumentException">
    /// The text is no path, or uses more than this part of the language.
    /// </exception>
    public static JsonPath Parse(string text)
    {
        var steps = ImmutableArray.CreateBuilder<Step>();
        var at = 1;
        while (text.StartsWith('$') && at < text.Length && steps.Count < MostSteps
            && TryReadStep(text, ref at, out var step))
        {
            steps.Add(step);
        }

        return steps.Count > 0 && at == text.Length
            ? new JsonPath(text, steps.ToImmutable())
            : throw new ArgumentException(
                $"'{text}' is no path that is understood: write $.member, [index], [*], .* and ..member, with at most "
                + $"{MostSteps} steps.");
    }

    /// <inheritdoc/>
    public override string ToString() => _text;

    /// <summary>Whether the path leads to a place, given as names of members and indexes from the root on.</summary>
    internal bool LeadsTo(IReadOnlyList<PathStep> place)
    {
        // Which steps of the path may have been taken when the place was followed so far; bit 0 is none.
        ulong reached = 1;
        foreach (var step in place)
        {
            ulong next = 0;
            for (var i = 0; i < _steps.Length; i++)
            {
                if ((reached & (1UL << i)) != 0)
                {
                    next |= _steps[i].IsDescendant ? 1UL << i : 0;
                    next |= _steps[i].Fits(step) ? 1UL << (i + 1) : 0;
                }
            }

            reached = next;
        }

        return (reached & (1UL << _steps.Length)) != 0;
    }

    private static bool TryReadStep(string text, ref int at, out Step step)
    {
        var isDescendant = text.AsSpan(at).StartsWith("..");
        var start = at + (isDescendant ? 2 : text[at] == '.' ? 1 : 0);
        if (start < text.Length && text[start] == '[')
        {
            var close = text.IndexOf(']', start);
            var inside = close < 0 ? "" : text[(start + 1)..close].Trim('\'', '"');
            at = close < 0 ? at : close + 1;
            var isIndex = int.TryParse(inside, NumberStyles.None, CultureInfo.InvariantCulture, out var index);
            step = new Step(isDescendant, isIndex ? null : inside, isIndex ? index : -1);
            return close >= 0 && inside.Length > 0;
        }

        var end = start;
        while (end < text.Length && text[end] is not ('.' or '['))
        {
            end++;
        }

        var isDotted = start > at && end > start;
        step = new Step(isDescendant, isDotted ? text[start..end] : null, -1);
        at = isDotted ? end : at;
        return isDotted;
    }

    private readonly record struct Step(bool IsDescendant, string? Name, int Index)
    {
        public bool Fits(PathStep step) =>
            Name == "*" || (Name is null ? step.Name is null && step.Index == Index : step.Name == Name);
    }
}

/// <summary>One step from a value to one inside it.</summary>
/// <param name="Name">The member's name; <c>null</c> in an array.</param>
/// <param name="Index">The place in an array.</param>
internal readonly record struct PathStep(string? Name, int Index);
