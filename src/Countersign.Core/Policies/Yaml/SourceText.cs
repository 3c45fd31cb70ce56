using System.Collections.Immutable;

namespace Countersign.Core.Policies.Yaml;

/// <summary>The text of one file, addressed by line and column.</summary>
internal sealed class SourceText
{
    private readonly ImmutableArray<int> _lineStarts;

    public SourceText(PolicyText file)
    {
        File = file.Name;
        // A byte order mark is no part of the text; with it the first column would be one too far.
        Text = file.Text.StartsWith('\uFEFF') ? file.Text[1..] : file.Text;
        _lineStarts = LineStarts(Text);
    }

    public string File { get; }

    public string Text { get; }

    public SourcePosition PositionOf(int offset)
    {
        var line = _lineStarts.BinarySearch(offset);
        line = line < 0 ? ~line - 1 : line;
        return new SourcePosition(File, line + 1, offset - _lineStarts[line] + 1);
    }

    public int OffsetOf(SourcePosition position) => _lineStarts[position.Line - 1] + position.Column - 1;

    private static ImmutableArray<int> LineStarts(string text)
    {
        var starts = ImmutableArray.CreateBuilder<int>();
        starts.Add(0);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\n')
            {
                starts.Add(i + 1);
            }
        }

        return starts.DrainToImmutable();
    }
}
