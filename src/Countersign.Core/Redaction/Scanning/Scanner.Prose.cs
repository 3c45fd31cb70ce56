using System.Buffers;
using Countersign.Core.Redaction.Detectors;

namespace Countersign.Core.Redaction.Scanning;

/// <summary>Texts in which nothing can be found, told without looking for each kind of value.</summary>
internal sealed partial class Scanner
{
    private static readonly SearchValues<byte> ProseBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz ,;.!?"u8);

    /// <summary>
    /// Whether a whole text is short words of letters and nothing else: whatever is masked has digits, signs or more
    /// letters in a row, but for what operators name and for what follows the word Basic.
    /// </summary>
    public bool HoldsNothing(ReadOnlySpan<byte> text)
    {
        if (_plan.Terms is not null || !_plan.Patterns.IsEmpty || text.ContainsAnyExcept(ProseBytes))
        {
            return false;
        }

        for (var at = 0; at < text.Length;)
        {
            if (!Bytes.IsLetter(text[at]))
            {
                at++;
                continue;
            }

            var end = Bytes.WordEnd(text, at, Encoded.Shortest);
            if (end - at >= Encoded.Shortest
                || (Bytes.At(text, end) == '.' && Bytes.IsLetter(Bytes.At(text, end + 1)))
                || _plan.Tokens.MayBeginAt(text, at)
                || Lexicon.Of(text, at, end) == Topic.Basic)
            {
                return false;
            }

            at = end;
        }

        _steps += text.Length;
        return true;
    }
}
