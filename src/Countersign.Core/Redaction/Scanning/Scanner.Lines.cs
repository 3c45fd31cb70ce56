using System.Text;
using Countersign.Core.Redaction.Custom;

namespace Countersign.Core.Redaction.Scanning;

/// <summary>What the operator's patterns find: they are tried on pieces of lines, ahead of the detectors.</summary>
internal sealed partial class Scanner
{
    private readonly List<Match> _pending = [];
    private int _lineAt;

    /// <summary>Takes what a pattern found at or before a place, and goes on behind it.</summary>
    private int TakePending(ReadOnlySpan<byte> text, int at)
    {
        if (_plan.Patterns.IsEmpty)
        {
            return at;
        }

        while (_lineAt <= at && _lineAt < text.Length)
        {
            ReadPiece(text);
        }

        // What goes on behind the end of a block is not interrupted there, where it would not be elsewhere.
        while (_tail is null && _pending.Count > 0 && _pending[0].Start <= at)
        {
            // A detector may have taken the beginning; the rest is as sensitive.
            var match = _pending[0] with { Start = Math.Max(_from, _pending[0].Start) };
            _pending.RemoveAt(0);
            if (match.Start < match.End && TryTake(text, match))
            {
                at = Math.Max(at, _from);
            }
        }

        return at;
    }

    private void ReadPiece(ReadOnlySpan<byte> text)
    {
        var window = text[_lineAt..Math.Min(text.Length, _lineAt + CustomPattern.Piece)];
        var newLine = window.IndexOf((byte)'\n');
        var isWhole = newLine >= 0 || window.Length < CustomPattern.Piece;
        window = newLine >= 0 ? window[..newLine] : window;
        var starts = new int[window.Length + 1];
        var piece = Decode(window, starts);
        _steps += window.Length;
        var first = _pending.Count;
        foreach (var pattern in _plan.Patterns)
        {
            foreach (var (start, length) in pattern.Find(piece))
            {
                if (isWhole || starts[start] < CustomPattern.Step)
                {
                    var (from, to) = (_lineAt + starts[start], _lineAt + starts[start + length]);
                    _pending.Add(new Match(from, to, Certainty.Certain, pattern.Kind));
                }
            }
        }

        _pending.Sort(first, _pending.Count - first, Comparer<Match>.Create((left, right) => left.Start - right.Start));
        _lineAt += isWhole ? window.Length + 1 : CustomPattern.Step;
    }

    /// <summary>The characters of a piece, and where each begins in bytes.</summary>
    private static string Decode(ReadOnlySpan<byte> piece, int[] starts)
    {
        var characters = new StringBuilder(piece.Length);
        Span<char> encoded = stackalloc char[2];
        for (var at = 0; at < piece.Length;)
        {
            Rune.DecodeFromUtf8(piece[at..], out var rune, out var consumed);
            for (var i = 0; i < rune.EncodeToUtf16(encoded); i++)
            {
                starts[characters.Length] = at;
                characters.Append(encoded[i]);
            }

            at += consumed;
        }

        starts[characters.Length] = piece.Length;
        return characters.ToString();
    }
}
