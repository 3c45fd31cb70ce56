using System.Buffers;
using Countersign.Core.Redaction.Detectors;

namespace Countersign.Core.Redaction.Scanning;

/// <summary>Texts in which nothing can be found, told without looking for each kind of value.</summary>
internal sealed partial class Scanner
{
    /// <summary>A whole text of no more digits is nobody's number: a telephone number has seven.</summary>
    private const int ShortNumber = 6;

    /// <summary>Among words it may have fewer: a day and a year have five.</summary>
    private const int FewDigits = 4;

    private static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789"u8);

    private static readonly SearchValues<byte> ProseBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ,;.!?"u8);

    /// <summary>
    /// Whether a whole text is a short number, or short words and hardly a digit: whatever is masked has more digits,
    /// signs or more letters in a row, but for what operators name and for what follows Basic and Bearer.
    /// </summary>
    public bool HoldsNothing(ReadOnlySpan<byte> text)
    {
        if (_plan.Terms is not null || !_plan.Patterns.IsEmpty)
        {
            return false;
        }

        var isNothing = (text.Length <= ShortNumber && !text.ContainsAnyExcept(Digits))
            || (!text.ContainsAnyExcept(ProseBytes) && AreShortWords(text));
        _steps += isNothing ? text.Length : 0;
        return isNothing;
    }

    private bool AreShortWords(ReadOnlySpan<byte> text)
    {
        var digits = 0;
        for (var at = 0; at < text.Length;)
        {
            if (!Bytes.IsWord(text[at]))
            {
                at++;
                continue;
            }

            var end = Bytes.WordEnd(text, at, Encoded.Shortest);
            var isNumber = Bytes.IsDigit(text[at]);
            digits += isNumber ? end - at : 0;
            if (digits > FewDigits
                || (isNumber ? text[at..end].ContainsAnyExcept(Digits) : text[at..end].ContainsAny(Digits))
                || end - at >= Encoded.Shortest
                || (Bytes.At(text, end) == '.' && Bytes.IsWord(Bytes.At(text, end + 1)))
                || _plan.Tokens.HasPrefixAt(text, at)
                || Bytes.StartsWith(text, at, "eyJ"u8)
                || Lexicon.Of(text, at, end) is Topic.Basic or Topic.Bearer)
            {
                return false;
            }

            at = end;
        }

        return true;
    }
}
