using System.Globalization;
using System.Text;

namespace Countersign.Core.Policies.Yaml;

/// <summary>What a policy file may not contain whatever YAML says about it, because people cannot see it.</summary>
internal static class YamlHazards
{
    /// <summary>Whether the text may be parsed; otherwise the reason was added to the errors.</summary>
    public static bool AreAbsent(SourceText source, PolicyErrors errors)
    {
        if (source.Text.Length > PolicyLimits.FileLength)
        {
            var start = new SourcePosition(source.File, 1, 1);
            errors.Add(start, $"the file has more than {PolicyLimits.FileLength} characters; split it");
            return false;
        }

        var indenting = true;
        for (var i = 0; i < source.Text.Length; i++)
        {
            var c = source.Text[i];
            if (Complaint(c, indenting, source.Text, i) is { } complaint)
            {
                errors.Add(source.PositionOf(i), complaint);
                return false;
            }

            indenting = c == '\n' || (indenting && c == ' ');
        }

        return true;
    }

    private static string? Complaint(char c, bool indenting, string text, int offset) => c switch
    {
        '\t' => indenting ? "a tab in the indentation; indent with spaces" : null,
        '\n' => null,
        '\r' => offset + 1 < text.Length && text[offset + 1] == '\n' ? null : "a line that ends in CR alone; use LF",
        _ => IsInvisible(text, offset)
            ? $"the invisible character U+{CodePoint(text, offset):X4}; write it as an escape in double quotes"
            : null,
    };

    /// <summary>
    /// Control characters, line breaks that editors do not show as such, and the characters of no width: they make a
    /// text read differently from what it says (Unicode TR 36, section 2.6), or a name that nothing is ever equal to.
    /// </summary>
    private static bool IsInvisible(string text, int offset) =>
        CharUnicodeInfo.GetUnicodeCategory(text, offset) is UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static int CodePoint(string text, int offset) =>
        Rune.TryGetRuneAt(text, offset, out var rune) ? rune.Value : text[offset];
}
