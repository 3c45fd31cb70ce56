using System.Buffers;
using System.Globalization;
using System.Text;

namespace Countersign.Core.Reviews;

/// <summary>
/// Finds what looks like something else: words whose letters come from two scripts that look alike, such as a Cyrillic
/// letter in a Latin table name; words of another script in which every letter has a Latin twin; digits of another
/// script among ours; signs that look like those of a command; letters that change the order in which their
/// neighbours are shown. It knows the scripts whose letters are mistaken for each other; others never count.
/// </summary>
internal static class LookAlikes
{
    /// <summary>Shorter words of look-alike letters are ordinary words of their language.</summary>
    private const int LeastTwins = 3;

    /// <summary>Cyrillic and Greek letters that look like Latin ones in common fonts.</summary>
    private static readonly SearchValues<char> Twinned = SearchValues.Create(
        "\u0430\u0435\u043E\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04BB\u0501\u051B\u051D\u0475\u04CF" +
        "\u0410\u0412\u0415\u041A\u041C\u041D\u041E\u0420\u0421\u0422\u0425\u0423\u0406\u0408\u0405\u04C0" +
        "\u03BF\u03BD\u03B1\u03B9\u03C1\u03C5\u03BA\u0391\u0392\u0395\u0396\u0397\u0399\u039A\u039C\u039D" +
        "\u039F\u03A1\u03A4\u03A5\u03A7");

    /// <summary>
    /// Signs that look like slash, backslash, dot, colon, semicolon, hyphen, quote, bar, star or bracket and are none;
    /// those that ordinary prose of some language needs are left out.
    /// </summary>
    private static readonly SearchValues<char> Signs = SearchValues.Create(
        "\u2044\u2215\u29F8\uFF0F\u29F5\u29F9\uFF3C\uFE68\u2024\uFF0E\uFE52\u02D0\u2236\uA789\uFE55\u037E\uFE54" +
        "\u2010\u2011\u2212\uFE63\uFF0D\uFF07\uFF02\u02B9\u02BA\u2223\u01C0\uFF5C\u2217\uFF0A\uFE61\uFF1C\uFF1E" +
        "\uFE64\uFE65\uFF1D\uFF20\uFF06\uFF04\uFF05\uFF03\u01C3");

    private enum Script
    {
        None,
        Latin,
        Greek,
        Cyrillic,
        Armenian,
        Cherokee,
        Styled,
    }

    public static DisplayFlags In(string text)
    {
        if (Ascii.IsValid(text))
        {
            return DisplayFlags.None;
        }

        var flags = text.AsSpan().ContainsAny(Signs) ? DisplayFlags.LookAlike : DisplayFlags.None;
        var word = default(Word);
        foreach (var rune in text.EnumerateRunes())
        {
            flags |= IsRightToLeft(rune) ? DisplayFlags.RightToLeft : DisplayFlags.None;
            if (Rune.IsLetterOrDigit(rune) || rune.Value == '_')
            {
                word = word.With(rune);
                continue;
            }

            flags |= word.Flags;
            word = default;
        }

        return flags | word.Flags;
    }

    /// <summary>
    /// The blocks of scripts that are read from right to left (UAX #9 table 4: R, AL and AN). What is spelled out there
    /// moves nothing.
    /// </summary>
    private static bool IsRightToLeft(Rune rune) => rune.Value is
            (>= 0x590 and <= 0x8FF) or (>= 0xFB1D and <= 0xFDFF) or (>= 0xFE70 and <= 0xFEFF)
            or (>= 0x10800 and <= 0x10FFF) or (>= 0x1E800 and <= 0x1EFFF)
        && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Format or UnicodeCategory.OtherNotAssigned);

    private static Script ScriptOf(int value) => value switch
    {
        (>= 'A' and <= 'Z') or (>= 'a' and <= 'z') => Script.Latin,
        < 0xC0 or 0xD7 or 0xF7 => Script.None,
        (<= 0x24F) or (>= 0x250 and <= 0x2AF) or (>= 0x1E00 and <= 0x1EFF) or (>= 0x2C60 and <= 0x2C7F) => Script.Latin,
        (>= 0x370 and <= 0x3FF) or (>= 0x1F00 and <= 0x1FFF) => Script.Greek,
        (>= 0x400 and <= 0x52F) or (>= 0x1C80 and <= 0x1C8F) or (>= 0xA640 and <= 0xA69F) => Script.Cyrillic,
        >= 0x530 and <= 0x58F => Script.Armenian,
        (>= 0x13A0 and <= 0x13FF) or (>= 0xAB70 and <= 0xABBF) => Script.Cherokee,
        (>= 0xFF10 and <= 0xFF5A) or (>= 0x1D400 and <= 0x1D7FF) => Script.Styled,
        _ => Script.None,
    };

    /// <summary>What is known of the word so far.</summary>
    private readonly record struct Word(
        Script Script, bool IsMixed, int Twins, int Others, bool HasOurs, bool HasTheirs)
    {
        public DisplayFlags Flags =>
            (IsMixed ? DisplayFlags.MixedScript : DisplayFlags.None)
            | ((Twins >= LeastTwins && Others == 0) || (HasOurs && HasTheirs) || Script == Script.Styled
                ? DisplayFlags.LookAlike
                : DisplayFlags.None);

        public Word With(Rune rune)
        {
            var script = ScriptOf(rune.Value);
            var isDigit = Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber;
            var isTwin = rune.IsBmp && Twinned.Contains((char)rune.Value);
            return new Word(
                script == Script.None ? Script : script,
                IsMixed || (script != Script.None && Script != Script.None && script != Script),
                Twins + (isTwin ? 1 : 0),
                Others + (isTwin || !Rune.IsLetter(rune) ? 0 : 1),
                HasOurs || char.IsAsciiDigit((char)(rune.IsBmp ? rune.Value : 0)),
                HasTheirs || (isDigit && !rune.IsAscii));
        }
    }
}
