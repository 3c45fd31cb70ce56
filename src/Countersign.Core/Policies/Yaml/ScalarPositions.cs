namespace Countersign.Core.Policies.Yaml;

/// <summary>
/// Finds places of a scalar's value in the file. Quoting, folding and indentation only add or change white space and
/// escapes, so the n-th visible character of the value is the n-th visible character of what was written.
/// </summary>
internal static class ScalarPositions
{
    public static SourcePosition Find(YamlNode.Scalar scalar, int line, int column)
    {
        var visible = VisibleBefore(scalar.Text, line, column);
        var written = scalar.Source.Text;
        var offset = Skip(written, scalar.Source.OffsetOf(scalar.At), out var style);
        while (offset < written.Length)
        {
            if (IsVisible(written, offset, style) && visible-- == 0)
            {
                return scalar.Source.PositionOf(offset);
            }

            offset += Width(written, offset, style);
        }

        return scalar.At;
    }

    private static int VisibleBefore(string text, int line, int column)
    {
        var visible = 0;
        foreach (var c in text)
        {
            if (line == 1 && --column == 0)
            {
                return visible;
            }

            line -= c == '\n' ? 1 : 0;
            visible += char.IsWhiteSpace(c) ? 0 : 1;
        }

        // The end of the text: better the last character than whatever follows it in the file.
        return Math.Max(visible - 1, 0);
    }

    /// <summary>Moves past an opening quote, or past the header line of a block.</summary>
    private static int Skip(string written, int offset, out char style)
    {
        style = offset < written.Length ? written[offset] : ' ';
        if (style is '|' or '>')
        {
            var end = written.IndexOf('\n', offset);
            return end < 0 ? written.Length : end + 1;
        }

        return style is '"' or '\'' ? offset + 1 : offset;
    }

    private static bool IsVisible(string written, int offset, char style)
    {
        var isEscape = style == '"' && written[offset] == '\\' && offset + 1 < written.Length;
        return isEscape ? !StandsForSpace(written[offset + 1]) : !char.IsWhiteSpace(written[offset]);
    }

    /// <summary>Escapes of white space and of a line's end (YAML 1.2.2, section 5.7).</summary>
    private static bool StandsForSpace(char escape) =>
        char.IsWhiteSpace(escape) || escape is 't' or 'n' or 'v' or 'f' or 'r' or 'N' or '_' or 'L' or 'P';

    /// <summary>How many written characters stand for one character of the value.</summary>
    private static int Width(string written, int offset, char style) => (style, written[offset]) switch
    {
        ('\'', '\'') => 2,
        ('"', '\\') when offset + 1 < written.Length => written[offset + 1] switch
        {
            'x' => 4,
            'u' => 6,
            'U' => 10,
            _ => 2,
        },
        _ => 1,
    };
}
