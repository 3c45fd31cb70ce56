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
        _ => IsInvisible(c) ? $"the invisible character U+{(int)c:X4}; write it as an escape in double quotes" : null,
    };

    /// <summary>
    /// Control characters, line breaks that editors do not show as such, and the bidirectional controls that make a
    /// text read differently from what it says (Unicode TR 36, section 2.6).
    /// </summary>
    private static bool IsInvisible(char c) =>
        char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069')
            or '\u200E' or '\u200F' or '\u061C' or '\uFEFF';
}
